// What a worker does of each record, beside waiting for servers.

import { built } from "../built.mjs";
import { times } from "../interleaved.mjs";
import { batchesOf, PARTITIONS } from "../sample-events.mjs";

const MAX_FUTURE_SKEW = 5 * 60 * 1e6;
const AUDIT_SCHEMA_ID = 7;
const NOW_MS = 1_704_067_200_000;

/** @returns {Promise<{ name: string, run: () => unknown }[]>} */
export async function workerFunctions({ records, schemaId, schema, text }) {
  const { encodeBatch } = await built("shared", "kafka/batch-encoder.js");
  const { EventJudge } = await built("consumer", "pipeline/event-judge.js");
  const { askedStates } = await built("consumer", "pipeline/newest-states.js");
  const { KnownOrders } = await built("consumer", "pipeline/known-orders.js");
  const schemas = new Map([[schemaId, { kind: "known", text, schema }]]);
  const batches = batchesOf(records);
  const judgeAll = () => {
    const judge = new EventJudge({
      partitions: PARTITIONS,
      maxFutureSkew: MAX_FUTURE_SKEW,
      auditSchemaId: AUDIT_SCHEMA_ID,
    });
    return batches.map((batch) =>
      batch.records.map((record) => judge.judge(batch.partition, record, schemas)),
    );
  };
  // Else nothing but rejections would be measured.
  if (
    judgeAll()
      .flat()
      .some(({ kind }) => kind !== "arrival")
  )
    throw new Error("a sample is no event");
  return [
    {
      name: "worker: records as arrivals, and the audit's batches",
      run: times(2, async () => {
        for (const arrivals of judgeAll())
          await encodeBatch(
            arrivals.map(({ auditRecord }) => auditRecord),
            NOW_MS,
            "none",
          );
      }),
    },
    {
      name: "worker: records as arrivals, and the states to ask Redis about",
      run: times(2, () => {
        const known = new KnownOrders();
        for (const arrivals of judgeAll()) {
          for (const states of askedStates(arrivals, "events", known).values()) known.acknowledged(states);
        }
      }),
    },
  ];
}
