import { figure } from "../../table.mjs";
import { namedBarOf } from "../bar-of-runs.mjs";
import { barsPanel } from "../bars-panel.mjs";
import { cpuPanel, memoryPanel } from "../cost-panels.mjs";
import { percentilePanel } from "../percentile-panel.mjs";

export function burstPlots({ burst: runs }) {
  const byStep = runs[0].steps.map(({ rate, seconds }, index) => ({
    label: `${figure(rate)}/s for ${seconds} s`,
    runs: runs.map(({ steps }) => steps[index]),
  }));
  return {
    title: `Burst: ${figure(runs[0].sent)} rows through two workers, faster than they take them`,
    panels: [
      ...byStep.map(curvesOfStep),
      reachedPanel(byStep),
      cpuPanel([{ label: "burst", runs }]),
      memoryPanel(runs, "anonymousMaxMb"),
    ],
    measured: runs,
  };
}

function curvesOfStep({ label, runs }) {
  return percentilePanel({ title: `Planned at ${label}`, places: { Redis: ({ curve }) => curve }, runs });
}

function reachedPanel(byStep) {
  return barsPanel({
    title: "Rate of the sender",
    unit: "rows per second",
    bars: byStep.flatMap(({ label, runs }) => [
      namedBarOf(label, "planned", runs, ({ rate }) => rate),
      namedBarOf(label, "reached", runs, ({ reachedRate }) => reachedRate),
    ]),
  });
}
