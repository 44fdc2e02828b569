// What a worker does of each record, beside waiting for servers.

import { silentLogger } from "@lastknown/shared";
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
  const { askedStates } = await built("consumer", "arrivals/newest-states.js");
  const { KnownOrders } = await built("consumer", "arrivals/known-orders.js");
  const { RedisStateStore } = await built("consumer", "states/redis/redis-state-store.js");
  const store = new RedisStateStore({
    redis: takingCluster(),
    fleet: "check",
    logger: silentLogger,
    deadlineMs: 1000,
    replicaWaitMs: 0,
    noReplica: "heal",
    onUnprotected: () => undefined,
  });
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
      name: "worker: records as arrivals, and the calls for Redis",
      run: times(2, async () => {
        const known = new KnownOrders();
        for (const arrivals of judgeAll()) {
          const states = askedStates(arrivals, "events", known);
          const updates = [...states].map(([bucket, ofBucket]) => {
            return { bucket, expectedProgress: 0, progress: arrivals.length, states: ofBucket };
          });
          for (const { kind } of await store.apply(updates)) if (kind !== "applied") throw new Error(kind);
          for (const ofBucket of states.values()) known.acknowledged(ofBucket);
        }
      }),
    },
  ];
}

/** A cluster of one node, which takes everything. */
function takingCluster() {
  const node = {
    options: { host: "taking", port: 1 },
    stream: { write: () => true },
    sendCommand: (command, stream) => {
      stream.write(command.toWritable());
      queueMicrotask(() => command.resolve([0, 0]));
    },
  };
  return {
    status: "ready",
    slots: Array(16_384).fill(["taking:1"]),
    nodes: () => [node],
    defineCommand: () => undefined,
  };
}
