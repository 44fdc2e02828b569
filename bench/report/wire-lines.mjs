import { othersLines, spreadCell } from "./run-rows.mjs";
import { figure, tableLines } from "./table.mjs";

/** @param runs of the phase: each has figures with each codec */
export function wireLines(runs) {
  const [{ codecs }] = runs;
  return [
    "",
    `Wire: ${figure(codecs[0].rows)} rows of 50,000 users through one worker at full speed; min / median / max`,
    ...tableLines(
      ["bytes/event", ...codecs.map(({ codec }) => codec)],
      Object.keys(codecs[0].bytesPerEvent).map((hop) => [
        hop,
        ...codecs.map((_, index) => spreadCell(runs, (run) => run.codecs[index].bytesPerEvent[hop])),
      ]),
    ),
    "how the broker keeps both topics: the product sends uncompressed, has no setting for it, and reads gzip, not lz4",
    "by the kernel's count of each socket's bytes; replay → broker by what the broker's process read while it was the " +
      "only client; topics by their files",
    ...othersLines(runs.flatMap((run) => run.codecs)),
  ];
}
