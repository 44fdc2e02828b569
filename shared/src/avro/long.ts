import { sizeOfBase128, writeBase128 } from "../varint/base-128.js";

/** Of a safe integer: 54 bits with its sign, seven to a byte. */
export const LONG_BYTES_MAX = 8;

/** The magnitude's lowest 27 bits and the sign fill four bytes; whole numbers of 32 bits are fast, greater ones not. */
const LOW_RANGE = 2 ** 27;
const LOW_GROUPS = 4;

/** Writes a safe integer as a zigzag varint. Gives where it ends. */
export function writeLong(bytes: Uint8Array, start: number, value: number): number {
  const { low, high } = zigzag(value);
  if (high === 0) return writeBase128(bytes, start, low);
  let groups = low;
  let at = start;
  for (; at < start + LOW_GROUPS; groups >>>= 7) bytes[at++] = (groups & 0x7f) | 0x80;
  return writeBase128(bytes, at, high);
}

/** In how many bytes writeLong writes it. Throws RangeError past ±(2^53−1), where a JavaScript number is no longer exact. */
export function sizeOfLong(value: number): number {
  requireSafeInteger(value);
  const { low, high } = zigzag(value);
  return high === 0 ? sizeOfBase128(low) : LOW_GROUPS + sizeOfBase128(high);
}

export function requireSafeInteger(value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`);
}

/** Its zigzag form in two whole numbers, of which the lower has 28 bits. */
function zigzag(value: number): { low: number; high: number } {
  const isNegative = value < 0;
  const magnitude = isNegative ? -(value + 1) : value;
  const high = Math.floor(magnitude / LOW_RANGE);
  return { low: ((magnitude - high * LOW_RANGE) << 1) | (isNegative ? 1 : 0), high };
}
