import { areSameBytes, type Micros } from "@lastknown/shared";

/**
 * A slot is its user's hash and where the user stands, a word each, and the time, a double: side by side, for it is
 * memory far apart that costs.
 */
const SLOT_WORDS = 4;
const [HASH, PLACE] = [0, 1] as const;
const SLOT_DOUBLES = 2;
const TIME = 1;
/** The first byte is nobody's. */
const FREE = 0;
const SLOT_BITS_MIN = 8;
const USER_BYTES_MIN = 4096;
/** Of the length in front of a user, who has 256 bytes at most. */
const LENGTH_BYTES = 2;
/** Spreads what hashes have in common: the lowest bits are the same in all of one partition. */
const SPREAD = 0x9e3779b1;
/** Users whose hashes are alike cannot make a look-up long: who finds no slot so near is not kept. */
const PROBES_MAX = 32;

/**
 * A time of each user, who is known by bytes: no text has to be made for a look-up, nor hashed and compared in places
 * all over the memory.
 *
 * It can fail to keep a user: it is for who can do without.
 */
export class UserTimes {
  #slotBits = SLOT_BITS_MIN;
  #words = new Int32Array(SLOT_WORDS << SLOT_BITS_MIN);
  /** The same memory. */
  #doubles = new Float64Array(this.#words.buffer);
  /** The users one after the other, each behind its length. */
  #users = Buffer.allocUnsafe(USER_BYTES_MIN);
  #usersEnd = FREE + 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param hash the user's, 0 to 2^31 − 1: of murmur2, say */
  get(user: Uint8Array, hash: number): Micros | undefined {
    const slot = this.#slotOf(user, hash);
    if (slot === undefined || this.#placeIn(slot) === FREE) return undefined;
    return this.#doubles[slot * SLOT_DOUBLES + TIME];
  }

  set(user: Uint8Array, hash: number, time: Micros): void {
    const slot = this.#slotOf(user, hash);
    if (slot === undefined) return;
    const place = this.#placeIn(slot);
    this.#fill(slot, hash, place === FREE ? this.#append(user) : place, time);
    if (place === FREE && ++this.#size > 1 << (this.#slotBits - 1)) this.#double();
  }

  /** The one that the user has, or would get; undefined where there is none near. */
  #slotOf(user: Uint8Array, hash: number): number | undefined {
    const last = (1 << this.#slotBits) - 1;
    let slot = Math.imul(hash, SPREAD) >>> (32 - this.#slotBits);
    for (let probes = 0; probes < PROBES_MAX; probes++, slot = (slot + 1) & last) {
      const place = this.#placeIn(slot);
      if (place === FREE || (this.#hashIn(slot) === hash && this.#isAt(place, user))) return slot;
    }
    return undefined;
  }

  #hashIn(slot: number): number {
    return this.#words[slot * SLOT_WORDS + HASH] as number;
  }

  #placeIn(slot: number): number {
    return this.#words[slot * SLOT_WORDS + PLACE] as number;
  }

  #fill(slot: number, hash: number, place: number, time: Micros): void {
    this.#words[slot * SLOT_WORDS + HASH] = hash;
    this.#words[slot * SLOT_WORDS + PLACE] = place;
    this.#doubles[slot * SLOT_DOUBLES + TIME] = time;
  }

  #isAt(place: number, user: Uint8Array): boolean {
    const { length } = user;
    return (
      this.#lengthAt(place) === length && areSameBytes(this.#users, place + LENGTH_BYTES, user, 0, length)
    );
  }

  #lengthAt(place: number): number {
    return (this.#users[place] as number) | ((this.#users[place + 1] as number) << 8);
  }

  #append(user: Uint8Array): number {
    const place = this.#usersEnd;
    this.#usersEnd += LENGTH_BYTES + user.length;
    if (this.#usersEnd > this.#users.length) {
      const larger = Buffer.allocUnsafe(2 * this.#usersEnd);
      this.#users.copy(larger, 0, 0, place);
      this.#users = larger;
    }
    this.#users.writeUInt16LE(user.length, place);
    this.#users.set(user, place + LENGTH_BYTES);
    return place;
  }

  #double(): void {
    const before = { words: this.#words, doubles: this.#doubles, slots: 1 << this.#slotBits };
    this.#slotBits++;
    this.#words = new Int32Array(SLOT_WORDS << this.#slotBits);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#size = 0;
    for (let slot = 0; slot < before.slots; slot++) {
      const place = before.words[slot * SLOT_WORDS + PLACE] as number;
      if (place === FREE) continue;
      const hash = before.words[slot * SLOT_WORDS + HASH] as number;
      const from = place + LENGTH_BYTES;
      const user = this.#users.subarray(from, from + this.#lengthAt(place));
      const found = this.#slotOf(user, hash);
      if (found === undefined) continue;
      this.#fill(found, hash, place, before.doubles[slot * SLOT_DOUBLES + TIME] as number);
      this.#size++;
    }
  }
}
