import { figure } from "../../table.mjs";
import { pointOf } from "../bar-of-runs.mjs";
import { cpuPanel } from "../cost-panels.mjs";
import { curvesPanel } from "../curves-panel.mjs";
import { percentilePanel } from "../percentile-panel.mjs";

const CURVES = {
  Redis: ({ curves }) => curves.redis,
  "latest over HTTP": ({ curves }) => curves.latest,
  "view over HTTP": ({ curves }) => curves.view,
};
const DELAYS = {
  Redis: ({ redis }) => redis.fromPlan,
  "latest over HTTP": ({ latestOverHttp }) => latestOverHttp.fromPlan,
  "view over HTTP": ({ viewOverHttp }) => viewOverHttp.fromPlan,
};

export function latencyPlots({ latency: runs }, { seconds, settle }) {
  const byRate = runs[0].rates.map(({ rate }, index) => ({
    rate,
    runs: runs.map(({ rates }) => rates[index]),
  }));
  return {
    title: `Latency at steady rates for ${seconds} s, after ${settle} s`,
    panels: [
      ...byRate.map((one) =>
        percentilePanel({
          title: `At ${figure(one.rate)} rows/s`,
          places: CURVES,
          runs: one.runs,
        }),
      ),
      ...(byRate.length > 1 ? [rankPanel(byRate, "p50"), rankPanel(byRate, "p99")] : []),
      cpuPanel(byRate.map((one) => ({ label: `${figure(one.rate)} rows/s`, runs: one.runs }))),
    ],
    measured: byRate.flatMap((one) => one.runs),
  };
}

function rankPanel(byRate, rank) {
  return curvesPanel({
    title: `By rate: ${rank}`,
    x: { title: "rows per second", isOfSizes: true },
    y: { title: "ms from plan until seen", isLog: true },
    curves: Object.entries(DELAYS).map(([name, delayOf]) => ({
      name,
      isMarked: true,
      points: byRate.map(({ rate, runs }) => pointOf(rate, runs, (run) => delayOf(run)[rank])),
    })),
  });
}
