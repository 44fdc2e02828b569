import { figure } from "../../table.mjs";
import { barOf } from "../bar-of-runs.mjs";
import { barsPanel } from "../bars-panel.mjs";
import { cpuPanel } from "../cost-panels.mjs";
import { curvesPanel } from "../curves-panel.mjs";

export function allInPlots({ "all-in": runs }) {
  return {
    title: `All in: ${figure(runs[0].rows)} rows at full speed through two workers`,
    panels: [visiblePanel(runs), ratesPanel(runs), cpuPanel([{ label: "all in", runs }])],
    measured: runs,
  };
}

function visiblePanel(runs) {
  return curvesPanel({
    title: "Rows visible",
    x: { title: "seconds since the first append" },
    y: { title: "rows visible, a curve of each run" },
    curves: Object.entries({ Redis: "redis", view: "view" }).flatMap(([name, place]) =>
      runs.map(({ curves }) => ({ name, points: curves[place].map(([x, y]) => ({ x, y })) })),
    ),
  });
}

function ratesPanel(runs) {
  return barsPanel({
    title: "Rate",
    unit: "rows per second",
    bars: [
      barOf("the replay alone", runs, ({ rowsPerSecond }) => rowsPerSecond.replay),
      barOf("until Redis has all", runs, ({ rowsPerSecond }) => rowsPerSecond.redis),
      barOf("until the view has all", runs, ({ rowsPerSecond }) => rowsPerSecond.view),
    ],
  });
}
