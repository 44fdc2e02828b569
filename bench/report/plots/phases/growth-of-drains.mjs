import { pointOf } from "../bar-of-runs.mjs";
import { roleOf } from "../cost-panels.mjs";
import { curvesPanel } from "../curves-panel.mjs";

const PAYERS = [
  ["worker", /^worker/],
  ["Redis", /^redis/],
  ["broker", /^broker/],
];

/** @param {"byUsers" | "byPartitions"} series @param {"users" | "partitions"} across */
export function drainPanels(runs, series, across) {
  const curve = (name, valueOf) => ({
    name,
    isMarked: true,
    points: runs[0][series].map((drain, index) =>
      pointOf(drain[across], runs, (run) => valueOf(run[series][index])),
    ),
  });
  const panel = (what, unit, curves) =>
    curvesPanel({
      title: `${what}, by ${across}`,
      x: { title: across, isOfSizes: true },
      y: { title: unit },
      curves,
    });
  return [
    panel("One worker's drain", "events per second", [curve("worker", ({ rowsPerSecond }) => rowsPerSecond)]),
    panel(
      "CPU time of a drain",
      "µs per event",
      PAYERS.map(([name, pattern]) => curve(name, ({ cost }) => roleOf(cost, pattern).microsPerEvent)),
    ),
    panel(
      "Answers over HTTP after a drain",
      "ms, p50",
      Object.keys(runs[0][series][0].answers).map((kind) => curve(kind, ({ answers }) => answers[kind].p50)),
    ),
  ];
}
