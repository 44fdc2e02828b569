import { createHash } from "node:crypto";
import { USER_ID_BYTES_MAX, type AppendRecord } from "@lastknown/shared";
import type { Rejection } from "../arrivals/rejection.js";

/** How much of a record its dead letter keeps. */
export interface DeadLetterLimits {
  readonly valueBytesMax: number;
  readonly keyBytesMax: number;
  /** Of the record's own headers together; the rest is left out. */
  readonly headersBytesMax: number;
}

/** The topic takes 64 KB more than the events topic, so a whole record and its reason fit. */
export const WHOLE: DeadLetterLimits = {
  valueBytesMax: Infinity,
  keyBytesMax: Infinity,
  headersBytesMax: Infinity,
};
/** For a topic that was given a smaller limit than the plan's. */
export const CUT: DeadLetterLimits = { valueBytesMax: 16_384, keyBytesMax: 1024, headersBytesMax: 4096 };

const ERROR_CHARACTERS_MAX = 500;
/** Set by a re-drive; a record that comes from the producer has none. */
const REDRIVES_HEADER = "redrives";

/**
 * The record of the dead-letter topic for a rejected record: the same key, value and headers however often the
 * record is delivered. It stands in the partition of its source.
 *
 * The record's own headers come back as `header.<name>`, its key as `key`; `length` and `sha256` are those of
 * the whole value.
 */
export function deadLetterRecord(
  topic: string,
  { partition, record, reason, error, read }: Rejection,
  limits: DeadLetterLimits,
): AppendRecord<Buffer> {
  const value = record.value ?? Buffer.alloc(0);
  const texts: Record<string, string | number | undefined> = {
    reason,
    error: error.slice(0, ERROR_CHARACTERS_MAX),
    topic,
    partition,
    offset: record.offset,
    appended_at: record.appendedAtMs,
    // Of a `key_mismatch` it can be as long as the whole record.
    user: read.user?.slice(0, USER_ID_BYTES_MAX),
    event_id: read.eventId,
    time_stamp: read.timeStamp,
    sts: read.sts,
    schema_id: read.schemaId,
    length: record.value === null ? "null" : value.length,
    sha256: createHash("sha256").update(value).digest("hex"),
    redrives: record.headers[REDRIVES_HEADER]?.toString() ?? "0",
  };
  return {
    partition,
    key: Buffer.from(`${topic}/${partition}/${record.offset}`),
    value: value.subarray(0, limits.valueBytesMax),
    headers: {
      ...textHeaders(texts),
      ...(record.key === null ? {} : { key: record.key.subarray(0, limits.keyBytesMax) }),
      ...ownHeaders(record.headers, limits.headersBytesMax),
    },
  };
}

function textHeaders(texts: Readonly<Record<string, string | number | undefined>>): Record<string, Buffer> {
  const headers: Record<string, Buffer> = {};
  for (const [name, text] of Object.entries(texts)) {
    if (text !== undefined) headers[name] = Buffer.from(String(text));
  }
  return headers;
}

/** The prefix keeps a record's headers from standing in the place of ours. */
function ownHeaders(headers: Readonly<Record<string, Buffer>>, bytesMax: number): Record<string, Buffer> {
  const own: Record<string, Buffer> = {};
  let bytesLeft = bytesMax;
  for (const [name, value] of Object.entries(headers)) {
    bytesLeft -= Buffer.byteLength(name) + value.length;
    if (bytesLeft < 0) break;
    own[`header.${name}`] = value;
  }
  return own;
}
