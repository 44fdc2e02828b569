import { DRAIN_PHASES } from "../../../options.mjs";
import { figure } from "../../table.mjs";
import { cpuPanel, ratePanel, workerMemoryPanel } from "../cost-panels.mjs";

/** @param {Record<string, object[]>} phases all that drain a full topic */
export function drainPlots(phases) {
  const groups = DRAIN_PHASES.flatMap((name) => groupOf(phases[name]));
  return {
    title: `Drain of a full topic of about ${figure(groups[0].runs[0].rows)} events`,
    panels: [ratePanel(groups), cpuPanel(groups), workerMemoryPanel(groups)],
    measured: groups.flatMap(({ runs }) => runs),
  };
}

function groupOf(runs) {
  if (runs === undefined) return [];
  const [{ users, workers }] = runs;
  return [{ label: `${figure(users)} users, ${workers} worker${workers === 1 ? "" : "s"}`, runs }];
}
