import { curvesPanel } from "./curves-panel.mjs";

/** What is quicker lies on the axis: looks are not closer than that. */
const LEAST_MS = 1;

/**
 * How long records took, by the percent of them that took no longer: a curve of each run. The slowest percent would
 * press the rest flat, so time is drawn by its logarithm.
 *
 * @typedef {readonly (readonly [share: number, ms: number])[]} Curve
 * @param {{ title: string, places: Record<string, (run: object) => Curve>, runs: readonly object[] }} panel `places`: where
 *   they were seen → its curve
 */
export function percentilePanel({ title, places, runs }) {
  return curvesPanel({
    title,
    x: { title: "percent of the records", unit: " %" },
    y: { title: "ms from plan until seen, a curve of each run", least: LEAST_MS, isLog: true },
    curves: Object.entries(places).flatMap(([name, curveOf]) =>
      runs.map((run) => ({
        name,
        points: curveOf(run).map(([share, ms]) => ({ x: share * 100, y: ms ?? LEAST_MS })),
      })),
    ),
  });
}
