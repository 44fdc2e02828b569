import { figure } from "../../table.mjs";
import { cpuPanel, ratePanel, workerMemoryPanel } from "../cost-panels.mjs";

export function peersPlots({ peers: runs }) {
  const groups = Object.keys(runs[0].peers).map((name) => groupOf(runs.map(({ peers }) => peers[name])));
  return {
    title: `Peers: one topic of ${figure(runs[0].rows)} events, drained by each in turn`,
    panels: [ratePanel(groups), cpuPanel(groups, { isOfPeers: true }), workerMemoryPanel(groups)],
    measured: groups.flatMap((group) => group.runs),
  };
}

/** What failed in one run is left out of the others' figures; the table tells why. */
function groupOf(results) {
  const runs = results.filter(({ failure }) => failure === undefined);
  return { label: results[0].title, runs, missing: results[0].failure?.split(":", 1)[0].toLowerCase() };
}
