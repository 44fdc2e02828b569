import { othersLines, spreadCell } from "./run-rows.mjs";
import { figure, tableLines } from "./table.mjs";

/** @param runs of the phase: each has figures with each codec, and of one that nobody reads */
export function wireLines(runs) {
  const [{ codecs, unread }] = runs;
  const unreadHop = (run, hop) =>
    run.unread.map(({ bytesPerEvent }) => bytesPerEvent[hop]).find((bytes) => bytes !== undefined);
  return [
    "",
    `Wire: ${figure(codecs[0].rows)} rows of 50,000 users through one worker at full speed; min / median / max`,
    ...tableLines(
      ["bytes/event", ...codecs.map(({ codec }) => codec), unread[0].codec],
      Object.keys(codecs[0].bytesPerEvent).map((hop) => [
        hop,
        ...codecs.map((_, index) => spreadCell(runs, (run) => run.codecs[index].bytesPerEvent[hop])),
        unreadHop(runs[0], hop) === undefined ? "-" : spreadCell(runs, (run) => unreadHop(run, hop)),
      ]),
    ),
    "how the broker keeps both topics: the product sends uncompressed, has no setting for it, and reads gzip, not lz4. So " +
      "of lz4 there is what the broker keeps and nobody reads: the events of a replay without a worker, and the audit " +
      "of a worker that read uncompressed events; -: no process of ours could go that way",
    "by the kernel's count of each socket's bytes; replay → broker by what the broker's process read while it was the " +
      "only client; topics by their files",
    ...othersLines(runs.flatMap((run) => [...run.codecs, ...run.unread])),
  ];
}
