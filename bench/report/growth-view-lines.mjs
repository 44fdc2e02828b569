import { othersLines, spreadCell } from "./run-rows.mjs";
import { figure, tableLines } from "./table.mjs";

const KINDS = ["latest", "at", "knownAt", "both", "history", "explain"];
/** Words of a target, for an answer on both clocks in the view. */
const BOTH_TARGET = "both clocks ≤ 1";
export const LATENESS_WORDS =
  "late: three in four arrivals, by up to an hour (hour) or by as long as can be (any); or what follows the first " +
  "quarter comes at the end, all at once (backlog)";
/** Most answers take less than a millisecond. */
const MS_DIGITS = 3;

/** @param runs of the phase: each has the same views, one of each size */
export function growthViewLines(runs) {
  const views = runs[0].views.map((size, index) => ({
    title: titleOf(size),
    all: runs.map((run) => run.views[index]),
  }));
  const answersTable = (rank) =>
    tableLines(
      [`ms, ${rank} (${BOTH_TARGET})`, ...KINDS],
      views.map(({ title, all }) => [
        title,
        ...KINDS.map((kind) => spreadCell(all, (view) => view.answers[kind][rank], msFigure)),
      ]),
    );
  return [
    "",
    "Growth of the view, by itself: what an arrival takes, and what an answer does without HTTP; min / median / max",
    ...tableLines(
      ["", "CPU µs/arrival, all", "CPU µs/arrival, the last", "bytes on disk/arrival", "resident MB"],
      views.map(({ title, all }) => [
        title,
        spreadCell(all, (view) => view.microsPerArrival),
        spreadCell(all, (view) => view.microsOfOneMore),
        spreadCell(all, (view) => (view.store === "memory" ? NaN : view.diskBytes / view.arrivals)),
        spreadCell(all, (view) => view.residentMb),
      ]),
    ),
    "",
    ...answersTable("p50"),
    "",
    ...answersTable("p99"),
    LATENESS_WORDS,
    ...othersLines(views.flatMap(({ all }) => all)),
  ];
}

function titleOf({ store, users, arrivals, lateness }) {
  const count = (value) => value.toLocaleString("en-US");
  return `${store}: ${count(users)} user${users === 1 ? "" : "s"} × ${count(arrivals / users)}, late: ${lateness}`;
}

function msFigure(ms) {
  return ms < 1 ? ms.toFixed(MS_DIGITS) : figure(ms);
}
