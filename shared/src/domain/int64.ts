/**
 * Big-endian integers of 64 bits that a number holds exactly: safe ones. In halves, as a BigInt for each costs more than
 * all else that is done to a key.
 */

const TWO_TO_32 = 2 ** 32;

/** @throws RangeError where the value is negative */
export function writeUint64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / TWO_TO_32), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}

export function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4);
}

/** As two's complement: the bytes of what is not negative are those of writeUint64. */
export function writeInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeInt32BE(Math.floor(value / TWO_TO_32), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}

export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4);
}
