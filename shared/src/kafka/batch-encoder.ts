import { crc32c } from "@node-rs/crc32";
import { sizeOfBase128, writeBase128 } from "../varint/base-128.js";
import type { AppendBytes, AppendRecord } from "./appender.js";
import { compressGzip } from "./gzip.js";

export type AppendCompression = "none" | "gzip";

/** What of a record is written; its partition is told beside the batch. */
export type EncodableRecord = Omit<AppendRecord, "partition">;

/** Where the fields of a batch's head stand (format 2, since Kafka 0.11). */
const AT = {
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

const BATCH_FORMAT = 2;
const GZIP = 1;
/** Of an attribute, a time delta and a count of headers that are all 0. */
const ZERO = 0;

/**
 * Writes records as one batch, as a Produce request carries it. All of them have the time `nowMs`, and the batch
 * names no producer id: it is not idempotent in Kafka's sense.
 */
export async function encodeBatch(
  records: readonly EncodableRecord[],
  nowMs: number,
  compression: AppendCompression,
): Promise<Buffer> {
  const plain = writeRecords(records);
  if (compression === "none") return writeHead(plain, 0, records.length, nowMs);
  const body = await compressGzip(plain.subarray(AT.records));
  const bytes = Buffer.concat([plain.subarray(0, AT.records), body]);
  return writeHead(bytes, GZIP, records.length, nowMs);
}

/** The records behind room for the head, in one piece of memory of exactly the right length. */
function writeRecords(records: readonly EncodableRecord[]): Buffer {
  let totalBytes: number = AT.records;
  const lengths = records.map((record, index) => lengthOf(record, index));
  for (const length of lengths) totalBytes += sizeOfVarint(length) + length;
  const bytes = Buffer.allocUnsafe(totalBytes);
  let at: number = AT.records;
  records.forEach((record, index) => {
    at = writeVarint(bytes, at, lengths[index] as number);
    at = writeRecord(bytes, at, record, index);
  });
  return bytes;
}

function writeHead(bytes: Buffer, attributes: number, count: number, nowMs: number): Buffer {
  const time = BigInt(nowMs);
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - AT.leaderEpoch, AT.length);
  bytes.writeInt32BE(-1, AT.leaderEpoch);
  bytes.writeInt8(BATCH_FORMAT, AT.magic);
  bytes.writeInt16BE(attributes, AT.attributes);
  bytes.writeInt32BE(count - 1, AT.lastOffsetDelta);
  bytes.writeBigInt64BE(time, AT.baseTimestamp);
  bytes.writeBigInt64BE(time, AT.maxTimestamp);
  bytes.writeBigInt64BE(-1n, AT.producerId);
  bytes.writeInt16BE(-1, AT.producerEpoch);
  bytes.writeInt32BE(-1, AT.baseSequence);
  bytes.writeInt32BE(count, AT.count);
  bytes.writeUInt32BE(crc32c(bytes.subarray(AT.attributes)), AT.crc);
  return bytes;
}

/** What the length field in front of a record says. */
function lengthOf({ key, value, headers }: EncodableRecord, offsetDelta: number): number {
  const length = 2 + sizeOfVarint(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value);
  if (headers === undefined) return length + 1;
  const entries = Object.entries(headers);
  return entries.reduce(
    (sum, [name, bytes]) => {
      const nameBytes = Buffer.byteLength(name);
      return sum + sizeOfVarint(nameBytes) + nameBytes + sizeOfBytes(bytes);
    },
    length + sizeOfVarint(entries.length),
  );
}

function writeRecord(bytes: Buffer, start: number, record: EncodableRecord, offsetDelta: number): number {
  let at = start;
  bytes[at++] = ZERO;
  bytes[at++] = ZERO;
  at = writeVarint(bytes, at, offsetDelta);
  at = writeBytes(bytes, at, record.key);
  at = writeBytes(bytes, at, record.value);
  if (record.headers === undefined) {
    bytes[at++] = ZERO;
    return at;
  }
  const entries = Object.entries(record.headers);
  at = writeVarint(bytes, at, entries.length);
  for (const [name, value] of entries) {
    at = writeBytes(bytes, at, Buffer.from(name));
    at = writeBytes(bytes, at, value);
  }
  return at;
}

function sizeOfBytes(field: AppendBytes | null): number {
  return field === null ? 1 : sizeOfVarint(field.length) + field.length;
}

/** −1 as the length stands for null. */
function writeBytes(bytes: Buffer, at: number, field: AppendBytes | null): number {
  if (field === null) return writeVarint(bytes, at, -1);
  const start = writeVarint(bytes, at, field.length);
  field.copy(bytes, start);
  return start + field.length;
}

/** Of a zigzag varint of 32 bits. */
function sizeOfVarint(value: number): number {
  return sizeOfBase128(zigzag(value));
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  return writeBase128(bytes, start, zigzag(value));
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}
