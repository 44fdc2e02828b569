import { LONG_BYTES_MAX, requireSafeInteger, writeLong } from "./long.js";

const INITIAL_BYTES = 1024;

/** Writes Avro's binary primitives into a buffer that grows. Reused from value to value: `take` empties it. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #position = 0;

  /** A copy of all that was written since the last call. */
  take(): Buffer {
    const written = Buffer.from(this.#bytes.subarray(0, this.#position));
    this.#position = 0;
    return written;
  }

  /** A zigzag varint. Throws RangeError past ±(2^53−1), where a JavaScript number is no longer exact. */
  long(value: number): void {
    requireSafeInteger(value);
    this.#reserve(LONG_BYTES_MAX);
    this.#position = writeLong(this.#bytes, this.#position, value);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#position = this.#bytes.writeDoubleLE(value, this.#position);
  }

  boolean(value: boolean): void {
    this.uint8(value ? 1 : 0);
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.long(length);
    this.#reserve(length);
    this.#position += this.#bytes.write(value, this.#position, length, "utf8");
  }

  hex(value: string): void {
    const length = value.length / 2;
    this.#reserve(length);
    this.#position += this.#bytes.write(value, this.#position, length, "hex");
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#position++] = value;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#position = this.#bytes.writeUInt32BE(value, this.#position);
  }

  #reserve(length: number): void {
    const needed = this.#position + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#position);
    this.#bytes = larger;
  }
}
