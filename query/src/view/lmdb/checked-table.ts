import { crc32 } from "node:zlib";
import type { Database, RangeOptions } from "lmdb";
import type { Soundness } from "./soundness.js";

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

const CHECKSUM_BYTES = 4;
/** Of nearly all entries. */
const JOINED_BYTES = 4096;
const ONLY_NEW = { noOverwrite: true };
/** LMDB's own findings: a page that is not there, of another type, not LMDB's, or that a transaction broke on. */
const LMDB_DAMAGE_CODES: ReadonlySet<unknown> = new Set([
  -30797, -30796, -30795, -30793, -30784, -30782, -30781, -30780,
]);

/**
 * A table whose every entry ends in a checksum over its key and value. LMDB trusts its file: what a disk or another
 * program has changed inside a page it would hand out as it is.
 *
 * After the first entry that does not fit, nothing is read or written any more: every call throws ViewDamagedError.
 */
export class CheckedTable {
  readonly #table: Database<Buffer, Buffer>;
  readonly #soundness: Soundness;
  readonly #name: string;
  /** A value and its key side by side; made anew where they need more. */
  #joined = Buffer.allocUnsafe(JOINED_BYTES);

  constructor(table: Database<Buffer, Buffer>, name: string, soundness: Soundness) {
    this.#table = table;
    this.#name = name;
    this.#soundness = soundness;
  }

  get(key: Buffer): Buffer | undefined {
    this.#soundness.require();
    const stored = this.#guarded(() => this.#table.get(key));
    return stored === undefined ? undefined : this.#checked(key, stored);
  }

  /** Entries by their keys' bytes. To be used up within one turn of the event loop. */
  *range(range: RangeOptions): Iterable<Entry> {
    this.#soundness.require();
    const entries = this.#guarded(() => this.#table.getRange(range)[Symbol.iterator]());
    try {
      for (;;) {
        const next = this.#guarded(() => entries.next());
        if (next.done === true) return;
        // LMDB hands out a plain Uint8Array where it hands out keys.
        const { buffer, byteOffset, byteLength } = next.value.key;
        const key = Buffer.from(buffer, byteOffset, byteLength);
        yield { key, value: this.#checked(key, next.value.value) };
      }
    } finally {
      entries.return?.();
    }
  }

  put(key: Buffer, value: Buffer): void {
    this.#soundness.require();
    const stored = this.#withChecksum(key, value);
    this.#guarded(() => this.#table.putSync(key, stored));
  }

  /** False, and nothing is written, where the table has the key. What it has there is not looked at. */
  putNew(key: Buffer, value: Buffer): boolean {
    this.#soundness.require();
    const stored = this.#withChecksum(key, value);
    // It says whether it wrote, though its type says void; the contract of a view holds that against the version in use.
    return this.#guarded(() => this.#table.putSync(key, stored, ONLY_NEW) as unknown as boolean);
  }

  remove(key: Buffer): void {
    this.#soundness.require();
    this.#guarded(() => this.#table.removeSync(key));
  }

  clear(): void {
    this.#soundness.require();
    this.#guarded(() => this.#table.clearSync());
  }

  /** To be written at once: the next one stands in the same bytes. */
  #withChecksum(key: Buffer, value: Buffer): Buffer {
    const end = value.length;
    const checksum = this.#checksumOf(key, value, end);
    this.#joined.writeUInt32BE(checksum, end);
    return this.#joined.subarray(0, end + CHECKSUM_BYTES);
  }

  #checked(key: Buffer, stored: Buffer): Buffer {
    const end = stored.length - CHECKSUM_BYTES;
    if (end >= 0 && stored.readUInt32BE(end) === this.#checksumOf(key, stored, end))
      return stored.subarray(0, end);
    throw this.#soundness.lose(`an entry of its table ${this.#name} is not what was written`);
  }

  /** Over the value, the first `end` of the bytes, and the key. One call over both: the calls cost more than the bytes. */
  #checksumOf(key: Buffer, bytes: Buffer, end: number): number {
    const length = end + key.length;
    // Room for the checksum itself, which can be longer than the key.
    if (this.#joined.length < length + CHECKSUM_BYTES)
      this.#joined = Buffer.allocUnsafe(2 * length + CHECKSUM_BYTES);
    this.#joined.set(end === bytes.length ? bytes : bytes.subarray(0, end));
    this.#joined.set(key, end);
    return crc32(this.#joined.subarray(0, length));
  }

  #guarded<Answer>(call: () => Answer): Answer {
    try {
      return call();
    } catch (cause) {
      if (!LMDB_DAMAGE_CODES.has((cause as { code?: unknown }).code)) throw cause;
      throw this.#soundness.lose(`its table ${this.#name} cannot be read: ${(cause as Error).message}`);
    }
  }
}
