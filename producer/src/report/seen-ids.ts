import { idDigit, type EventId } from "@lastknown/shared";

/** So many different ids are remembered: at most 64 MB. */
const IDS_MAX = 4 * 1024 * 1024;
const INITIAL_SLOTS = 1 << 14;
/** Two words of each id are kept. */
const WORDS = 2;
const DIGITS_PER_WORD = 8;

/**
 * Which event ids came before, by the first 64 bits of each: with four million ids, one chance in two million
 * that any two are mistaken for each other. Past `IDS_MAX` new ids are no longer remembered, and `exact` says so.
 */
export class SeenIds {
  readonly #idsMax: number;
  #words = new Uint32Array(INITIAL_SLOTS * WORDS);
  #slots = INITIAL_SLOTS;
  #count = 0;
  exact = true;

  constructor(idsMax = IDS_MAX) {
    this.#idsMax = idsMax;
  }

  /** Whether the id was seen before; it is from now on. */
  addAndTell(id: EventId): boolean {
    const high = wordOf(id, 0);
    // Zero marks an empty slot.
    const low = wordOf(id, DIGITS_PER_WORD) || 1;
    const slot = this.#find(high, low);
    if (this.#words[slot + 1] !== 0) return true;
    if (this.#count >= this.#idsMax) {
      this.exact = false;
      return false;
    }
    this.#put(slot, high, low);
    if (++this.#count * 2 > this.#slots) this.#grow();
    return false;
  }

  /** The index of the id's words, or of the empty slot where they belong. */
  #find(high: number, low: number): number {
    const mask = this.#slots - 1;
    let slot = high & mask;
    while (this.#words[slot * WORDS + 1] !== 0) {
      if (this.#words[slot * WORDS] === high && this.#words[slot * WORDS + 1] === low) break;
      slot = (slot + 1) & mask;
    }
    return slot * WORDS;
  }

  #put(at: number, high: number, low: number): void {
    this.#words[at] = high;
    this.#words[at + 1] = low;
  }

  #grow(): void {
    const before = this.#words;
    this.#slots *= 2;
    this.#words = new Uint32Array(this.#slots * WORDS);
    for (let at = 0; at < before.length; at += WORDS) {
      const low = before[at + 1] as number;
      const high = before[at] as number;
      if (low !== 0) this.#put(this.#find(high, low), high, low);
    }
  }
}

/** 32 bits of an id. */
function wordOf(id: EventId, start: number): number {
  let word = 0;
  for (let at = start; at < start + DIGITS_PER_WORD; at++) word = (word << 4) | idDigit(id, at);
  return word >>> 0;
}
