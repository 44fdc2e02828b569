// What a replay does of each row.

import { built } from "../built.mjs";
import { times } from "../interleaved.mjs";
import { replayInto } from "../sample-events.mjs";

const NOWHERE = { append: async () => undefined, close: async () => undefined };
const CHUNK_BYTES = 64 * 1024;

/** @returns {Promise<{ name: string, run: () => unknown }[]>} */
export async function replayFunctions({ file, csv, registry }) {
  const { CsvParser } = await built("producer", "csv/csv-parser.js");
  return [
    {
      name: "replay: a CSV's rows as cells",
      run: times(2, () => {
        let cells = 0;
        const parser = new CsvParser({
          header: (names) => (cells += names.length),
          row: (row) => (cells += row.cells.length),
          rejected: () => undefined,
        });
        for (let at = 0; at < csv.length; at += CHUNK_BYTES) parser.write(csv.subarray(at, at + CHUNK_BYTES));
        parser.end();
        return cells;
      }),
    },
    { name: "replay: a file as encoded events", run: () => replayInto(file, registry, NOWHERE) },
  ];
}
