import { isShare } from "../../../peers/peers-lines.mjs";
import { figure } from "../../table.mjs";
import { cpuPanel, ratePanel, workerMemoryPanel } from "../cost-panels.mjs";

const SHARE_MARK = "*";

export function peersPlots({ peers: runs }) {
  const groups = Object.keys(runs[0].peers).map((name) => groupOf(runs.map(({ peers }) => peers[name])));
  return {
    title: `Peers: one topic of ${figure(runs[0].rows)} events, drained by each in turn`,
    panels: [ratePanel(groups), cpuPanel(groups, { isOfPeers: true }), workerMemoryPanel(groups)],
    notes: groups.some(({ label }) => label.endsWith(SHARE_MARK))
      ? [`${SHARE_MARK} of the first events of the topic alone`]
      : [],
    measured: groups.flatMap((group) => group.runs),
  };
}

/** What failed in one run is left out of the others' figures; the table tells why. */
function groupOf(results) {
  const runs = results.filter(({ failure }) => failure === undefined);
  const mark = isShare(runs[0]) ? ` ${SHARE_MARK}` : "";
  return {
    label: `${results[0].title}${mark}`,
    runs,
    missing: results[0].failure?.split(":", 1)[0].toLowerCase(),
  };
}
