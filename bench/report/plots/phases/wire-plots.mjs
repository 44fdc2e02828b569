import { figure } from "../../table.mjs";
import { namedBarOf } from "../bar-of-runs.mjs";
import { barsPanel } from "../bars-panel.mjs";
import { cpuPanel } from "../cost-panels.mjs";

/** Its labels are long. */
const COLUMNS = 2;

export function wirePlots({ wire: runs }) {
  const [{ codecs, unread }] = runs;
  const byCodec = codecs.map(({ codec }, index) => ({ codec, runs: runs.map((run) => run.codecs[index]) }));
  const all = [
    ...byCodec,
    ...unread.map(({ codec }, index) => ({ codec, runs: runs.map((run) => run.unread[index]) })),
  ];
  return {
    title: `Wire: ${figure(codecs[0].rows)} events of 50,000 users through one worker`,
    panels: [
      barsPanel({
        title: "Bytes per event on each hop",
        unit: "bytes per event, by how the broker keeps both topics",
        columns: COLUMNS,
        bars: Object.keys(codecs[0].bytesPerEvent).flatMap((hop) =>
          all
            .filter((one) => one.runs[0].bytesPerEvent[hop] !== undefined)
            .map((one) => namedBarOf(hop, one.codec, one.runs, ({ bytesPerEvent }) => bytesPerEvent[hop])),
        ),
      }),
      cpuPanel(
        byCodec.map((one) => ({ label: one.codec, runs: one.runs })),
        { title: "CPU time per event, starts of processes included" },
      ),
    ],
    measured: all.flatMap((one) => one.runs),
  };
}
