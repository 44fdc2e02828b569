import { LONG_BYTES_MAX, requireSafeInteger, writeLong } from "./long.js";

/** What values are written into, one behind the other. Whoever keeps one of them keeps all of it. */
const SLAB_BYTES = 64 * 1024;

/** Writes Avro's binary primitives, value after value: `take` ends one. No byte of a value is written again after it. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Where the value begins that is being written, and where it goes on. */
  #start = 0;
  #position = 0;

  /** All that was written since the last call: a view, which is right for what is soon let go. */
  take(): Buffer {
    const written = this.#bytes.subarray(this.#start, this.#position);
    this.#start = this.#position;
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

  /** Moves the value that is being written to a new slab where this one has no such room. */
  #reserve(length: number): void {
    if (this.#position + length <= this.#bytes.length) return;
    const written = this.#position - this.#start;
    const larger = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (written + length)));
    this.#bytes.copy(larger, 0, this.#start, this.#position);
    this.#bytes = larger;
    this.#start = 0;
    this.#position = written;
  }
}
