import { createHash } from "node:crypto";
import type { Micros } from "./time.js";

/** 16 bytes as 32 lower-case hex digits. */
export type EventId = string;

export const EVENT_ID_BYTES = 16;

/**
 * Names an observation by its content: SHA-256, cut to 16 bytes, over length-prefixed user, time_stamp and
 * canonical attributes. `sts` stays out, so the same observation sent twice has one id.
 *
 * @param attributesJson canonical JSON (see canonicalJson) of the attributes that belong to the identity
 */
export function eventIdOfContent(user: string, timeStamp: Micros, attributesJson: string): EventId {
  const time = Buffer.allocUnsafe(8);
  time.writeBigInt64BE(BigInt(timeStamp));
  return hashOfParts([Buffer.from(user), time, Buffer.from(attributesJson)]);
}

/** Names an observation by the id that the data set itself gives it, within its user. */
export function eventIdOfGivenId(user: string, givenId: string): EventId {
  return hashOfParts([Buffer.from(user), Buffer.from(givenId)]);
}

/** The length prefixes make the hashed text injective: no two lists of parts give the same bytes. */
function hashOfParts(parts: Buffer[]): EventId {
  const hash = createHash("sha256");
  for (const part of parts) {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(part.length);
    hash.update(length).update(part);
  }
  return hash.digest("hex").slice(0, EVENT_ID_BYTES * 2);
}
