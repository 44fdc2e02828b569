// How many times as much everything costs at the greatest size as at the least.

import { minMedianMax } from "./spread.mjs";
import { figure, tableLines } from "./table.mjs";

/** Over HTTP not all of them are asked. */
const KINDS = ["latest", "at", "knownAt", "both", "history", "explain"];
const viewsBy = (grows) => (run) => run.views.filter((view) => view.grows === grows);
/** What grows: one step per size in each run, and what an arrival costs there. */
const GROWTHS = [
  {
    title: "a view, by users",
    stepsOf: viewsBy("users"),
    sizeOf: ({ users }) => users,
    costOf: ({ microsOfOneMore }) => microsOfOneMore,
  },
  {
    title: "a view, by arrivals of each user",
    stepsOf: viewsBy("arrivals"),
    sizeOf: ({ arrivals, users }) => arrivals / users,
    costOf: ({ microsOfOneMore }) => microsOfOneMore,
  },
  {
    title: "the fleet, by users",
    stepsOf: ({ byUsers }) => byUsers,
    sizeOf: ({ users }) => users,
    costOf: ({ cost }) => cost.totalMicrosPerEvent,
  },
  {
    title: "the fleet, by partitions",
    stepsOf: ({ byPartitions }) => byPartitions,
    sizeOf: ({ partitions }) => partitions,
    costOf: ({ cost }) => cost.totalMicrosPerEvent,
  },
];

/** @param runs of the growth: of each figure the median counts */
export function growthFactorLines(runs) {
  return [
    "",
    "How many times as much it is at the greatest size as at the least; answers at p50",
    ...tableLines(
      ["", "from", "to", "log to / log from", "CPU µs/arrival", ...KINDS],
      GROWTHS.map((growth) => cellsOf(runs, growth)),
    ),
    "a view: by itself, without HTTP, its last arrivals; the fleet: CPU of all processes in a drain, answers over HTTP, latest",
    "from Redis; its topic has as many events at each size, so the more users there are, the fewer has each",
  ];
}

function cellsOf(runs, { title, stepsOf, sizeOf, costOf }) {
  const steps = [0, -1].map((at) => runs.map((run) => stepsOf(run).at(at)));
  const sizes = steps.map(([first]) => sizeOf(first));
  const ratio = (valueOf) => times(...steps.map((step) => minMedianMax(step.map(valueOf)).median));
  return [
    title,
    ...sizes.map((size) => size.toLocaleString("en-US")),
    times(...sizes.map(Math.log)),
    ratio(costOf),
    ...KINDS.map((kind) => ratio(({ answers }) => answers[kind]?.p50 ?? NaN)),
  ];
}

function times(least, greatest) {
  return least === 0 || Number.isNaN(greatest) ? "-" : `${figure(greatest / least)} ×`;
}
