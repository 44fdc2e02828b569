import { hash } from "node:crypto";
import { writeInt64 } from "./int64.js";
import type { Micros } from "./time.js";

/** 16 bytes as 32 lower-case hex digits. */
export type EventId = string;

export const EVENT_ID_BYTES = 16;

const EVENT_ID = new RegExp(`^[0-9a-f]{${EVENT_ID_BYTES * 2}}$`);

export function isEventId(text: string): boolean {
  return EVENT_ID.test(text);
}

const [ZERO, NINE, LETTER_A] = [0x30, 0x39, 0x61] as const;

/** One digit of an id as a number: without a text cut out of it for each, as each row pays it. */
export function idDigit(id: EventId, index: number): number {
  const character = id.charCodeAt(index);
  return character <= NINE ? character - ZERO : character - LETTER_A + 10;
}

const LENGTH_BYTES = 4;
const TIME_BYTES = 8;

/**
 * Names an observation by its content: SHA-256, cut to 16 bytes, over length-prefixed user, time_stamp and
 * canonical attributes. `sts` stays out, so the same observation sent twice has one id.
 *
 * The length prefixes make the hashed bytes injective: no two observations give the same ones.
 *
 * @param attributesJson canonical JSON (see canonicalJson) of the attributes that belong to the identity
 */
export function eventIdOfContent(user: string, timeStamp: Micros, attributesJson: string): EventId {
  // One buffer and one hash of it: half the cost of feeding a hash part by part, and each row pays it.
  const bytes = Buffer.allocUnsafe(
    prefixedBytes(user) + LENGTH_BYTES + TIME_BYTES + prefixedBytes(attributesJson),
  );
  let at = writePrefixed(bytes, user, 0);
  at = bytes.writeUInt32BE(TIME_BYTES, at);
  writeInt64(bytes, timeStamp, at);
  writePrefixed(bytes, attributesJson, at + TIME_BYTES);
  return cutHash(bytes);
}

/** Names an observation by the id that the data set itself gives it, within its user. */
export function eventIdOfGivenId(user: string, givenId: string): EventId {
  const bytes = Buffer.allocUnsafe(prefixedBytes(user) + prefixedBytes(givenId));
  writePrefixed(bytes, givenId, writePrefixed(bytes, user, 0));
  return cutHash(bytes);
}

function prefixedBytes(text: string): number {
  return LENGTH_BYTES + Buffer.byteLength(text);
}

function writePrefixed(bytes: Buffer, text: string, at: number): number {
  const length = bytes.write(text, at + LENGTH_BYTES);
  bytes.writeUInt32BE(length, at);
  return at + LENGTH_BYTES + length;
}

function cutHash(bytes: Buffer): EventId {
  return hash("sha256", bytes, "hex").slice(0, EVENT_ID_BYTES * 2);
}
