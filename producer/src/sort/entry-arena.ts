import { entryBytes, readEntry, writeEntry, type SortCursor, type SortEntry } from "./sort-entry.js";

const INITIAL_ENTRIES = 4096;
/** sts, page, offset and place in the order. */
const INDEX_BYTES_PER_ENTRY = 8 + 4 + 4 + 4;

/** Entries packed into pages, so that what they cost is counted in bytes and the collector has no work with them. */
export class EntryArena {
  readonly #bytesPerPage: number;
  #pages: Buffer[] = [];
  #pageUsed = 0;
  #pageBytes = 0;
  #count = 0;
  #sts = new Float64Array(INITIAL_ENTRIES);
  #page = new Uint32Array(INITIAL_ENTRIES);
  #offset = new Uint32Array(INITIAL_ENTRIES);
  #ordered = true;

  /** @param bytesPerPage what is taken at a time; an entry that is longer has a page of its own */
  constructor(bytesPerPage: number) {
    this.#bytesPerPage = bytesPerPage;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes that the entries' pages and their index take. */
  get bytes(): number {
    return this.#pageBytes + this.#count * INDEX_BYTES_PER_ENTRY;
  }

  /** Copies the entry. Entries come in ascending order of line. */
  add(entry: SortEntry): void {
    const bytes = entryBytes(entry);
    if (this.#pages.length === 0 || this.#pageUsed + bytes > this.#lastPage.length) this.#addPage(bytes);
    if (this.#count === this.#sts.length) this.#growIndex();
    writeEntry(entry, this.#lastPage, this.#pageUsed);
    if (this.#count > 0 && entry.sts < (this.#sts[this.#count - 1] as number)) this.#ordered = false;
    this.#sts[this.#count] = entry.sts;
    this.#page[this.#count] = this.#pages.length - 1;
    this.#offset[this.#count] = this.#pageUsed;
    this.#pageUsed += bytes;
    this.#count++;
  }

  /** The entries in order. The arena must not change meanwhile. */
  cursor(): SortCursor {
    const order = this.#order();
    let position = 0;
    const entryAt = (index: number): SortEntry | undefined => {
      if (index >= order.length) return undefined;
      const entry = order[index] as number;
      return readEntry(this.#pages[this.#page[entry] as number] as Buffer, this.#offset[entry] as number);
    };
    let current = entryAt(0);
    return {
      get current() {
        return current;
      },
      advance: () => {
        position++;
        current = entryAt(position);
      },
    };
  }

  clear(): void {
    this.#pages = [];
    this.#pageBytes = 0;
    this.#pageUsed = 0;
    this.#count = 0;
    this.#ordered = true;
  }

  get #lastPage(): Buffer {
    return this.#pages.at(-1) as Buffer;
  }

  #addPage(bytesNeeded: number): void {
    const page = Buffer.allocUnsafeSlow(Math.max(this.#bytesPerPage, bytesNeeded));
    this.#pages.push(page);
    this.#pageBytes += page.length;
    this.#pageUsed = 0;
  }

  #growIndex(): void {
    const grow = <A extends Float64Array | Uint32Array>(array: A, larger: A): A => {
      larger.set(array);
      return larger;
    };
    const length = this.#count * 2;
    this.#sts = grow(this.#sts, new Float64Array(length));
    this.#page = grow(this.#page, new Uint32Array(length));
    this.#offset = grow(this.#offset, new Uint32Array(length));
  }

  /** Indexes of the entries by sts. They were added by line, so the index decides between equal ones. */
  #order(): Uint32Array {
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index);
    const sts = this.#sts;
    if (!this.#ordered) order.sort((a, b) => (sts[a] as number) - (sts[b] as number) || a - b);
    return order;
  }
}
