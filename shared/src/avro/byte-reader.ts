import { isUtf8 } from "node:buffer";
import { areSameBytes } from "./same-bytes.js";

/** The bytes do not hold what their schema says: cut short, a length or branch that cannot be, not UTF-8. */
export class MalformedAvroError extends Error {
  override readonly name = "MalformedAvroError";
}

/** An Avro long has at most ten bytes of seven bits. */
const VARINT_BYTES_MAX = 10;
const REPLACEMENT_CHARACTER = "\ufffd";

/** Reads Avro's binary primitives one after the other. Every read past the end throws MalformedAvroError. */
export class ByteReader {
  readonly #bytes: Buffer;
  #position: number;

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  /** A zigzag varint. Integers beyond ±(2^53−1) are refused, for a JavaScript number would change them. */
  long(): number {
    // The lowest bit is the sign. It is kept apart, so that 53 bits of magnitude stay exact in a double.
    const first = this.#byte();
    let magnitude = (first & 0x7f) >> 1;
    let scale = 64;
    let last = first;
    for (let count = 1; last >= 0x80; count++) {
      if (count === VARINT_BYTES_MAX) throw new MalformedAvroError("an integer is longer than ten bytes");
      last = this.#byte();
      magnitude += (last & 0x7f) * scale;
      scale *= 128;
    }
    const value = (first & 1) === 0 ? magnitude : -magnitude - 1;
    if (!Number.isSafeInteger(value)) throw new MalformedAvroError("an integer is beyond ±(2^53-1)");
    // -0 cannot come up: a set sign bit means at most -1.
    return value;
  }

  double(): number {
    const at = this.#take(8);
    return this.#bytes.readDoubleLE(at);
  }

  float(): number {
    const at = this.#take(4);
    return this.#bytes.readFloatLE(at);
  }

  boolean(): boolean {
    const value = this.#byte();
    if (value > 1) throw new MalformedAvroError("a boolean is neither 0 nor 1");
    return value === 1;
  }

  string(): string {
    const length = this.#length();
    const at = this.#take(length);
    const text = this.#bytes.toString("utf8", at, at + length);
    // Decoding puts U+FFFD for what is not UTF-8, so only a text that holds one needs the closer look.
    if (text.includes(REPLACEMENT_CHARACTER) && !isUtf8(this.#bytes.subarray(at, at + length))) {
      throw new MalformedAvroError("a text is not valid UTF-8");
    }
    return text;
  }

  /** Passes a text where its bytes are those given, valid UTF-8. Else it stays where it is, and gives false. */
  skipStringLike(bytes: Uint8Array): boolean {
    const before = this.#position;
    const length = this.#length();
    const at = this.#take(length);
    if (length === bytes.length && areSameBytes(this.#bytes, at, bytes, 0, length)) return true;
    this.#position = before;
    return false;
  }

  /** Passes bytes. */
  skip(length: number): void {
    this.#take(length);
  }

  /** Passes a text, and refuses what `string` refuses. */
  skipString(): void {
    const length = this.#length();
    const at = this.#take(length);
    const end = at + length;
    let next = at;
    while (next < end && (this.#bytes[next] as number) < 0x80) next++;
    if (next < end && !isUtf8(this.#bytes.subarray(next, end)))
      throw new MalformedAvroError("a text is not valid UTF-8");
  }

  /** A view into the bytes read from, not a copy. */
  bytes(): Buffer {
    const length = this.#length();
    return this.fixed(length);
  }

  /** A view into the bytes read from, not a copy. */
  fixed(length: number): Buffer {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  hex(length: number): string {
    const at = this.#take(length);
    return this.#bytes.toString("hex", at, at + length);
  }

  #length(): number {
    const length = this.long();
    if (length < 0) throw new MalformedAvroError("a length is negative");
    return length;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  #take(length: number): number {
    const at = this.#position;
    if (length > this.#bytes.length - at) throw new MalformedAvroError("the value is cut short");
    this.#position = at + length;
    return at;
  }
}
