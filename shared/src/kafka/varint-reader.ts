/** Reads the zigzag varints of records from a buffer, front to back. */
export class VarintReader {
  readonly buffer: Buffer;
  position: number;
  readonly #memory: ArrayBufferLike;
  readonly #memoryAt: number;

  constructor(buffer: Buffer, position: number) {
    this.buffer = buffer;
    this.#memory = buffer.buffer;
    this.#memoryAt = buffer.byteOffset;
    this.position = position;
  }

  /** A varint of 32 bits. */
  int(): number {
    const { buffer } = this;
    let byte = this.byte(buffer);
    let raw = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 28) throw new RangeError("a varint is longer than 5 bytes");
      byte = this.byte(buffer);
      raw |= (byte & 0x7f) << shift;
    }
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** A varint of 64 bits whose value is a safe integer. */
  long(): number {
    const { buffer } = this;
    let byte = this.byte(buffer);
    let raw = byte & 0x7f;
    let scale = 128;
    for (let length = 1; byte > 0x7f; length++) {
      if (length > 9) throw new RangeError("a varint is longer than 10 bytes");
      byte = this.byte(buffer);
      raw += (byte & 0x7f) * scale;
      scale *= 128;
    }
    // Below 2^53 the arithmetic is exact; a difference of times is far below.
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  /** Bytes with their length before them; −1 stands for null. A view, not a copy. */
  bytes(): Buffer | null {
    const length = this.int();
    if (length === -1) return null;
    const start = this.position;
    const end = start + length;
    if (length < 0 || end > this.buffer.length) throw new RangeError("a field is longer than its record");
    this.position = end;
    return this.#view(start, length);
  }

  /** As subarray, which asks the buffer anew for all that is known of it. */
  #view(start: number, length: number): Buffer {
    return Buffer.from(this.#memory, this.#memoryAt + start, length);
  }

  skip(bytes: number): void {
    this.position += bytes;
  }

  private byte(buffer: Buffer): number {
    const byte = buffer[this.position++];
    if (byte === undefined) throw new RangeError("the records end too early");
    return byte;
  }
}
