import { HEAD, othersLines, row } from "./run-rows.mjs";
import { tableLines } from "./table.mjs";

/** In words, of each process. */
const WORKER_TARGET = "≤ 0.5";

/** @param runs of the phase */
export function idleLines(runs, { seconds }) {
  const roles = Object.entries(runs[0].idle);
  const several = roles.filter(([, { processes }]) => processes > 1).map(([role]) => role);
  const targetOf = (role) => (role.startsWith("worker") ? WORKER_TARGET : "");
  const rows = (title, names, valueOf, target = () => "") =>
    names.map((role) => row(`${title}, ${role}`, runs, (run) => valueOf(run.idle[role]), target(role)));
  const names = roles.map(([role]) => role);
  return [
    "",
    `Idle: for ${seconds} s`,
    ...tableLines(HEAD, [
      ...rows("% of a core", names, ({ coreShare }) => coreShare * 100),
      ...rows("% of a core, each", several, (idle) => (idle.coreShare / idle.processes) * 100, targetOf),
      ...rows("resident MB at the end", names, (idle) => idle.residentMb),
      ...rows("resident MB at most", names, (idle) => idle.residentMaxMb),
    ]),
    ...othersLines(runs),
  ];
}
