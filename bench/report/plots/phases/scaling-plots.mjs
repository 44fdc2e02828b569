import { figure } from "../../table.mjs";
import { cpuPanel, ratePanel, workerMemoryPanel } from "../cost-panels.mjs";

export function scalingPlots({ scaling: runs }) {
  const [{ drains }] = runs;
  const groups = drains.map(({ workers }, index) => ({
    label: `${workers} worker${workers === 1 ? "" : "s"}`,
    runs: runs.map((run) => run.drains[index]),
  }));
  return {
    title: `Scaling: about ${figure(drains[0].rows)} events of ${figure(drains[0].users)} users through more and more workers`,
    panels: [ratePanel(groups), cpuPanel(groups), workerMemoryPanel(groups)],
    measured: groups.flatMap((group) => group.runs),
  };
}
