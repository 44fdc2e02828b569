import { expect, test } from "@jest/globals";
import { createMetrics, type LogRecord } from "@lastknown/shared";
import type { PartitionBatch } from "../arrivals/partition-batch.js";
import { createWorkerMetrics } from "../worker-metrics.js";
import { observeBatches } from "./observe-batches.js";

const NO_GAUGES = { queueBytes: () => 0, assignedPartitions: () => 0, waitingOn: () => [] };
const recordAt = (appendedAtMs: number): LogRecord => ({
  offset: 0,
  appendedAtMs,
  key: null,
  value: null,
  headers: {},
});
const batchOf = (partition: number, records: readonly LogRecord[]): PartitionBatch => ({
  partition,
  records,
  nextOffset: records.length,
});

test("batches taken together count as one, with all their records, and tell when they were done", async () => {
  const metrics = createMetrics();
  const worker = createWorkerMetrics(metrics, NO_GAUGES);
  const lineOf = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\S+)$`, "m").exec(await metrics.text())?.[1]?.replace("Nan", "NaN"));
  expect(await lineOf("lastknown_last_batch_timestamp_seconds")).toBeNaN();

  observeBatches([batchOf(0, [])], performance.now(), worker);
  expect(await lineOf("lastknown_last_batch_timestamp_seconds")).toBeNaN();

  const beforeMs = Date.now();
  const records = [recordAt(beforeMs - 1500), recordAt(beforeMs - 10_500), recordAt(beforeMs - 29_000)];
  observeBatches([batchOf(0, records.slice(0, 1)), batchOf(1, records.slice(1))], performance.now(), worker);
  expect(await lineOf("lastknown_batch_records_sum")).toBe(3);
  expect(await lineOf("lastknown_batch_records_count")).toBe(1);
  expect(await lineOf("lastknown_records_total")).toBe(3);
  const doneAt = await lineOf("lastknown_last_batch_timestamp_seconds");
  expect(doneAt * 1000).toBeGreaterThanOrEqual(beforeMs);
  expect(doneAt * 1000).toBeLessThanOrEqual(Date.now());
});
