import { barOf } from "../bar-of-runs.mjs";
import { barsPanel } from "../bars-panel.mjs";

export function idlePlots({ idle: runs }, { seconds }) {
  const roles = Object.keys(runs[0].idle);
  return {
    title: `Idle for ${seconds} s`,
    panels: [
      barsPanel({
        title: "CPU time",
        unit: "% of one core, all processes of a kind together",
        bars: roles.map((role) => barOf(role, runs, ({ idle }) => idle[role].coreShare * 100)),
      }),
      barsPanel({
        title: "Memory",
        unit: "MB resident at most, of the greatest of a kind",
        bars: roles.map((role) => barOf(role, runs, ({ idle }) => idle[role].residentMaxMb)),
      }),
    ],
    measured: runs,
  };
}
