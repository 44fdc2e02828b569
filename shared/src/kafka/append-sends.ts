import type { AppendRecord } from "./appender.js";

/** The broker's limit is on a whole batch, so a send stays well below its usual megabyte. */
export const SEND_BYTES_MAX = 512 * 1024;
/** kafkajs groups the records of a send in quadratic time (hazard K12). */
export const SEND_RECORDS_MAX = 1000;
/** Lengths, deltas and attributes of one stored record, at most. */
const RECORD_OVERHEAD_BYTES = 30;

/** Cuts records, in their order, into sends within both limits; a record above the limit is alone in its send. */
export function splitIntoSends(records: readonly AppendRecord[]): AppendRecord[][] {
  const sends: AppendRecord[][] = [];
  let send: AppendRecord[] = [];
  let sendBytes = 0;
  for (const record of records) {
    const bytes = recordBytesOf(record) + RECORD_OVERHEAD_BYTES;
    if (send.length > 0 && (sendBytes + bytes > SEND_BYTES_MAX || send.length >= SEND_RECORDS_MAX)) {
      sends.push(send);
      send = [];
      sendBytes = 0;
    }
    send.push(record);
    sendBytes += bytes;
  }
  if (send.length > 0) sends.push(send);
  return sends;
}

/** Key, value and headers together. */
export function recordBytesOf(record: Omit<AppendRecord, "partition">): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  if (record.headers === undefined) return bytes;
  for (const [name, value] of Object.entries(record.headers)) bytes += Buffer.byteLength(name) + value.length;
  return bytes;
}
