// What each record costs on its way into the log and out of it, beside the connections.

import { built } from "../built.mjs";
import { times } from "../interleaved.mjs";
import { batchesOf } from "../sample-events.mjs";

const NOW_MS = 1_704_067_200_000;

/** @returns {Promise<{ name: string, run: () => unknown }[]>} */
export async function logFunctions({ records }) {
  const { encodeBatch } = await built("shared", "kafka/batch-encoder.js");
  const { decodeFetched } = await built("shared", "kafka/fetch-answer.js");
  const { InflationBudget } = await built("shared", "kafka/gzip.js");
  const batches = batchesOf(records).map((batch) => batch.records.map(({ key, value }) => ({ key, value })));
  const encodeAll = async () => {
    const encoded = [];
    for (const batch of batches) encoded.push(await encodeBatch(batch, NOW_MS, "none"));
    return encoded;
  };
  const fetched = (await encodeAll()).map((recordSet) => ({ recordSet, abortedTransactions: [] }));
  const decodeAll = () => {
    const budget = new InflationBudget();
    return fetched.reduce((sum, each) => sum + decodeFetched(each, 0, budget).records.length, 0);
  };
  return [
    { name: "log: records as batches", run: times(6, encodeAll) },
    { name: "log: fetched batches as records", run: times(6, decodeAll) },
  ];
}
