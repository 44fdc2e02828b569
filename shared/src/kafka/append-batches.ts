import type { AppendRecord } from "./appender.js";

/** The broker's limit is on a whole batch, so a batch stays well below its usual megabyte. */
export const BATCH_BYTES_MAX = 512 * 1024;
/** Lengths, deltas and attributes of one stored record, at most. */
const RECORD_OVERHEAD_BYTES = 30;
/** The two lengths of one header, at most. */
const HEADER_OVERHEAD_BYTES = 10;

/** Each partition's records, in their order. */
export function recordsByPartition(records: readonly AppendRecord[]): Map<number, AppendRecord[]> {
  const byPartition = new Map<number, AppendRecord[]>();
  for (const record of records) {
    const together = byPartition.get(record.partition);
    if (together === undefined) byPartition.set(record.partition, [record]);
    else together.push(record);
  }
  return byPartition;
}

/** Cuts a partition's records, in their order, by BATCH_BYTES_MAX; a record above it is alone in its batch. */
export function splitIntoBatches(records: readonly AppendRecord[]): AppendRecord[][] {
  const batches: AppendRecord[][] = [];
  let batch: AppendRecord[] = [];
  let batchBytes = 0;
  for (const record of records) {
    const bytes = recordBytesOf(record) + overheadBytesOf(record);
    if (batch.length > 0 && batchBytes + bytes > BATCH_BYTES_MAX) {
      batches.push(batch);
      batch = [];
      batchBytes = 0;
    }
    batch.push(record);
    batchBytes += bytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Key, value and headers together. */
export function recordBytesOf(record: Omit<AppendRecord, "partition">): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  if (record.headers === undefined) return bytes;
  for (const [name, value] of Object.entries(record.headers)) bytes += Buffer.byteLength(name) + value.length;
  return bytes;
}

function overheadBytesOf({ headers }: AppendRecord): number {
  if (headers === undefined) return RECORD_OVERHEAD_BYTES;
  return RECORD_OVERHEAD_BYTES + Object.keys(headers).length * HEADER_OVERHEAD_BYTES;
}
