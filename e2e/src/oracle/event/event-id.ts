import { createHash } from "node:crypto";
import type { Moment } from "../file/moment.js";

/** 32 lower-case hex digits: the first 16 bytes of SHA-256 over length-prefixed user, time and attributes. */
export function contentId(user: string, timeStamp: Moment, attributesJson: string): string {
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(timeStamp);
  return cutHash(
    Buffer.concat([prefixed(Buffer.from(user)), prefixed(time), prefixed(Buffer.from(attributesJson))]),
  );
}

/** The same for a data set that has ids of its own. */
export function givenId(user: string, id: string): string {
  return cutHash(Buffer.concat([prefixed(Buffer.from(user)), prefixed(Buffer.from(id))]));
}

function prefixed(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

function cutHash(content: Buffer): string {
  return createHash("sha256").update(content).digest().subarray(0, 16).toString("hex");
}
