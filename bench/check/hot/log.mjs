// What each record costs on its way into the log and out of it, beside the connections.

import { built } from "../built.mjs";
import { times } from "../interleaved.mjs";
import { fetchedRecords, PARTITIONS } from "../sample-events.mjs";

const RECORDS_PER_BATCH = 500;
const NOW_MS = 1_704_067_200_000;

/** @returns {Promise<{ name: string, run: () => unknown }[]>} */
export async function logFunctions({ records }) {
  const { encodeBatch } = await built("shared", "kafka/batch-encoder.js");
  const { decodeFetched } = await built("shared", "kafka/fetch-answer.js");
  const batches = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const ofPartition = fetchedRecords(records, partition);
    for (let first = 0; first < ofPartition.length; first += RECORDS_PER_BATCH)
      batches.push(
        ofPartition.slice(first, first + RECORDS_PER_BATCH).map(({ key, value }) => ({ key, value })),
      );
  }
  const encodeAll = async () => {
    const encoded = [];
    for (const batch of batches) encoded.push(await encodeBatch(batch, NOW_MS, "none"));
    return encoded;
  };
  const fetched = (await encodeAll()).map((recordSet) => ({ recordSet, abortedTransactions: [] }));
  return [
    { name: "log: records as batches", run: times(6, encodeAll) },
    {
      name: "log: fetched batches as records",
      run: times(6, () => fetched.reduce((sum, each) => sum + decodeFetched(each, 0).records.length, 0)),
    },
  ];
}
