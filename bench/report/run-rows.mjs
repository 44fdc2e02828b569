// Rows of the tables: a figure of each run, as the least, the median and the greatest.

import { minMedianMax } from "./spread.mjs";
import { figure, percent } from "./table.mjs";

export const HEAD = ["", "min", "median", "max", "target"];
/** MB that a worker may have resident, in words. */
const WORKER_MEMORY = "≤ 150";
/** Those whose traffic is over connections: others read and write files as well. */
const WIRED = /^(worker|query|redis)/;

/** @param {Record<string, string>} [targets] kind of role → of its µs per event */
export function costRows(runs, targets = {}) {
  const roles = Object.keys(runs[0].cost.roles);
  const kindOf = (role) => role.split(" ")[0];
  return [
    row("records per batch of a worker", runs, (run) => run.recordsPerBatch),
    ...roles.map((role) =>
      row(`CPU µs/event, ${role}`, runs, (run) => run.cost.roles[role].microsPerEvent, targets[kindOf(role)]),
    ),
    row("CPU µs/event, all", runs, (run) => run.cost.totalMicrosPerEvent),
    ...roles
      .filter((role) => WIRED.test(role))
      .flatMap((role) => [
        row(`bytes read/event, ${role}`, runs, (run) => run.cost.roles[role].readBytesPerEvent),
        row(`bytes written/event, ${role}`, runs, (run) => run.cost.roles[role].writtenBytesPerEvent),
      ]),
    ...roles.map((role) => {
      const target = kindOf(role) === "worker" ? WORKER_MEMORY : "";
      return row(`resident MB at most, ${role}`, runs, (run) => run.cost.roles[role].residentMaxMb, target);
    }),
  ];
}

export function row(title, runs, valueOf, target = "") {
  const { min, median, max } = minMedianMax(runs.map(valueOf));
  return [title, figure(min), figure(median), figure(max), target];
}

export function othersLines(runs) {
  const others = minMedianMax(runs.map(({ cost }) => cost.othersShare));
  const stolen = minMedianMax(runs.map(({ cost }) => cost.stolenShare));
  return [
    `meanwhile other programs took ${percent(others.min)} / ${percent(others.median)} / ${percent(others.max)} of ` +
      `the machine, its host ${percent(stolen.min)} / ${percent(stolen.median)} / ${percent(stolen.max)}`,
  ];
}
