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

/** @param {string} words how the figures of several runs are told */
export function runsText({ runs }, words) {
  return runs === 1 ? "1 run of each phase" : `${runs} runs of each phase: ${words}`;
}

export function row(title, runs, valueOf, target = "") {
  const { min, median, max } = minMedianMax(runs.map(valueOf));
  return [title, figure(min), figure(median), figure(max), target];
}

/** Of what is counted: whole numbers. */
export function countRow(title, runs, valueOf, target = "") {
  const { min, median, max } = minMedianMax(runs.map(valueOf));
  return [title, ...[min, median, max].map((count) => count.toLocaleString("en-US")), target];
}

/** The same of a row in one cell: `min / median / max`, or the figure of the only run. */
export function spreadCell(runs, valueOf, print = figure) {
  const { min, median, max } = minMedianMax(runs.map(valueOf));
  return runs.length === 1 ? print(median) : [min, median, max].map(print).join(" / ");
}

/** What else went on, of all that has a cost. */
export function othersLines(runs) {
  const share = (valueOf) => spreadCell(runs, ({ cost }) => valueOf(cost), percent);
  const words = runs.length === 1 ? "" : " (min / median / max)";
  return [
    `meanwhile other programs took ${share((cost) => cost.othersShare)} of the machine, ` +
      `its host ${share((cost) => cost.stolenShare)}${words}`,
  ];
}
