import { isUtf8 } from "node:buffer";

/** The bytes are not what the schema says. */
export class BadAvroError extends Error {
  override readonly name = "BadAvroError";
}

/** At most this many bytes make a variable-length number. */
const VARINT_BYTES_MAX = 10;

/** Reads Avro's binary encoding from front to back. */
export class AvroBytes {
  readonly #content: Buffer;
  #at = 0;

  constructor(content: Buffer) {
    this.#content = content;
  }

  get atEnd(): boolean {
    return this.#at === this.#content.length;
  }

  /** An int or long: seven bits a byte, the lowest first, the sign folded into the lowest bit. */
  long(): bigint {
    let folded = 0n;
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = BigInt(this.#take(1)[0] ?? 0);
      folded |= (byte & 0x7fn) << BigInt(7 * index);
      if (byte < 0x80n) return folded % 2n === 0n ? folded / 2n : -(folded + 1n) / 2n;
    }
    throw new BadAvroError("a number that does not end");
  }

  boolean(): boolean {
    const byte = this.#take(1)[0];
    if (byte !== 0 && byte !== 1) throw new BadAvroError("a boolean that is neither 0 nor 1");
    return byte === 1;
  }

  float(): number {
    return this.#take(4).readFloatLE();
  }

  double(): number {
    return this.#take(8).readDoubleLE();
  }

  fixed(length: number): Buffer {
    return this.#take(length);
  }

  bytes(): Buffer {
    return this.#take(Number(this.long()));
  }

  string(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw new BadAvroError("text that is not UTF-8");
    return bytes.toString("utf8");
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (length < 0 || end > this.#content.length) throw new BadAvroError("the bytes end too early");
    const taken = this.#content.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
