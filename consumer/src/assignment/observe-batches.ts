import type { LogRecord } from "@lastknown/shared";
import type { PartitionBatch } from "../arrivals/partition-batch.js";
import type { WorkerMetrics } from "../worker-metrics.js";

/** Measures batches whose every effect is acknowledged. */
export function observeBatches(
  batches: readonly PartitionBatch[],
  startedAtMs: number,
  metrics: WorkerMetrics,
): void {
  const seconds = (performance.now() - startedAtMs) / 1000;
  const nowMs = Date.now();
  const count = batches.reduce((sum, { records }) => sum + records.length, 0);
  if (count === 0) return;
  metrics.records.inc(count);
  metrics.batchRecords.observe(count);
  metrics.batchSeconds.observe(seconds);
  metrics.lastBatch.set(nowMs / 1000);
  // One observation per record, so that large batches weigh in the percentiles as much as they hold.
  metrics.recordSeconds.observe(seconds / count, count);
  for (const { records } of batches) observeFreshness(records, nowMs, metrics);
}

/** The broker appends many records at a time, which then stand together. */
function observeFreshness(records: readonly LogRecord[], nowMs: number, metrics: WorkerMetrics): void {
  for (let first = 0; first < records.length;) {
    const { appendedAtMs } = records[first] as LogRecord;
    let next = first + 1;
    while (records[next]?.appendedAtMs === appendedAtMs) next++;
    metrics.freshnessSeconds.observe(Math.max(0, nowMs - appendedAtMs) / 1000, next - first);
    first = next;
  }
}
