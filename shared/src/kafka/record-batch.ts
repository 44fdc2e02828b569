import { crc32c } from "@node-rs/crc32";
import { readInt64 } from "../domain/int64.js";
import { UndecodableBatchError } from "./errors.js";
import { inflateGzip } from "./gzip.js";
import type { LogRecord } from "./log-reader.js";
import { VarintReader } from "./varint-reader.js";

/** Where the fields of a batch's head stand, from its base offset (format 2, since Kafka 0.11). */
const AT = {
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  count: 57,
  records: 61,
} as const;

const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"];
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const BATCH_FORMAT = 2;

/** The head of a stored batch. Its records are decoded only by decodeRecords. */
export interface BatchHead {
  readonly bytes: Buffer;
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** As a key for comparing; ids exceed safe integers only in theory, but text is exact. */
  readonly producerId: string;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** How many records compaction has left: may be 0. */
  readonly recordCount: number;
}

/** The whole batches at the front of a fetched record set. The last one may be cut off by the fetch's limit. */
export function* wholeBatches(recordSet: Buffer): Generator<BatchHead> {
  let start = 0;
  while (start + AT.records <= recordSet.length) {
    const end = start + AT.length + 4 + recordSet.readInt32BE(start + AT.length);
    if (end > recordSet.length) return;
    yield readHead(recordSet.subarray(start, end));
    start = end;
  }
}

function readHead(bytes: Buffer): BatchHead {
  const baseOffset = readInt64(bytes, 0);
  const magic = bytes[AT.magic];
  if (magic !== BATCH_FORMAT)
    throw new UndecodableBatchError(baseOffset, `format ${magic}, not ${BATCH_FORMAT}`);
  if (crc32c(bytes.subarray(AT.attributes)) !== bytes.readUInt32BE(AT.crc)) {
    throw new UndecodableBatchError(baseOffset, "its checksum is wrong");
  }
  const attributes = bytes.readInt16BE(AT.attributes);
  return {
    bytes,
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(AT.lastOffsetDelta),
    producerId: bytes.toString("hex", AT.producerId, AT.producerId + 8),
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
    recordCount: bytes.readInt32BE(AT.count),
  };
}

/**
 * Appends to `records` those of the batch at or past `fromOffset`. Keys and values are views of the batch, or of what
 * it was inflated to. Gives how many bytes that are: 0 where the batch is not compressed.
 */
export function decodeRecords(batch: BatchHead, fromOffset: number, records: LogRecord[]): number {
  const { bytes, baseOffset, recordCount } = batch;
  const attributes = bytes.readInt16BE(AT.attributes);
  const baseTimestamp = readInt64(bytes, AT.baseTimestamp);
  // The broker stamps a whole batch at once: its records keep what the producer wrote.
  const appendTimeMs = (attributes & LOG_APPEND_TIME) === 0 ? undefined : readInt64(bytes, AT.maxTimestamp);
  try {
    const reader = recordsReader(batch, attributes & CODEC_MASK);
    for (let index = 0; index < recordCount; index++) {
      const length = reader.int();
      const end = reader.position + length;
      reader.skip(1);
      const timestampDelta = reader.long();
      const offset = baseOffset + reader.int();
      if (offset >= fromOffset) {
        const appendedAtMs = appendTimeMs ?? baseTimestamp + timestampDelta;
        const key = reader.bytes();
        const value = reader.bytes();
        records.push({ offset, appendedAtMs, key, value, headers: readHeaders(reader) });
      }
      reader.position = end;
    }
    return reader.buffer === bytes ? 0 : reader.buffer.length;
  } catch (cause) {
    if (cause instanceof UndecodableBatchError) throw cause;
    throw new UndecodableBatchError(baseOffset, cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
}

/** Whether the control batch ends its producer's transaction by an abort (else by a commit). */
export function isAbortMarker(batch: BatchHead): boolean {
  const marker: LogRecord[] = [];
  decodeRecords(batch, batch.baseOffset, marker);
  // The key holds a version and a type, 16 bits each.
  return marker[0]?.key?.readInt16BE(2) === 0;
}

function recordsReader({ bytes, baseOffset }: BatchHead, codec: number): VarintReader {
  if (codec === 0) return new VarintReader(bytes, AT.records);
  if (codec === 1) return new VarintReader(inflateGzip(bytes.subarray(AT.records)), 0);
  const name = CODECS[codec] ?? `number ${codec}`;
  throw new UndecodableBatchError(baseOffset, `it is compressed with ${name}; only gzip is understood`);
}

const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze(
  Object.create(null) as Record<string, Buffer>,
);
const EMPTY = Buffer.alloc(0);

function readHeaders(reader: VarintReader): Readonly<Record<string, Buffer>> {
  const count = reader.int();
  if (count === 0) return NO_HEADERS;
  // Without a prototype: a header may be named __proto__.
  const headers = Object.create(null) as Record<string, Buffer>;
  for (let index = 0; index < count; index++) {
    const name = reader.bytes()?.toString() ?? "";
    headers[name] = reader.bytes() ?? EMPTY;
  }
  return headers;
}
