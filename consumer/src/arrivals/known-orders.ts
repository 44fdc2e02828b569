import { murmur2, type Micros, type Order } from "@lastknown/shared";
import type { NewestState } from "../states/state-store.js";
import { UserTimes } from "./user-times.js";

/** Some 65 bytes each where ids are short; long ones up to twice what they have. */
const USERS_MAX = 100_000;

/**
 * What the store has acknowledged of users, so that it need not be asked about arrivals that are older: three in four
 * of a fleet whose devices are late. It is no judge: whoever is not certainly older is asked about.
 *
 * What is acknowledged of a user is lost together with the bucket's progress, which every call checks, also one that
 * asks about nobody; then the partition starts again, and all of this is forgotten. With it the states would be right in
 * the end too, as what this knows of comes once more and is not older than itself; but until then the store would have
 * less than its progress tells. A rebuild from the audit has one of its own, and counts its calls beside the states.
 */
export class KnownOrders {
  readonly #usersMax: number;
  /** Two generations: what is set often enough is not forgotten with its own, and nothing is moved when it is read. */
  #recent = new UserTimes();
  #older = new UserTimes();

  constructor(usersMax = USERS_MAX) {
    this.#usersMax = usersMax;
  }

  /**
   * Whether the store has a newer state of the user, whatever their other fields say.
   * @param user the id in UTF-8
   */
  has(user: Uint8Array, { orderTime }: Order): boolean {
    const hash = murmur2(user);
    const known = this.#recent.get(user, hash) ?? this.#older.get(user, hash);
    return known !== undefined && known > orderTime;
  }

  /** The store has these, or newer ones. */
  acknowledged(states: readonly NewestState[]): void {
    for (const { user, order } of states) this.#remember(Buffer.from(user), order.orderTime);
  }

  /** The store may have lost any of it. */
  forget(): void {
    this.#recent = new UserTimes();
    this.#older = new UserTimes();
  }

  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  #remember(user: Uint8Array, orderTime: Micros): void {
    const hash = murmur2(user);
    const recent = this.#recent.get(user, hash);
    if (recent !== undefined) {
      if (orderTime > recent) this.#recent.set(user, hash, orderTime);
      return;
    }
    const older = this.#older.get(user, hash) ?? -Infinity;
    if (this.#recent.size >= this.#usersMax / 2) {
      this.#older = this.#recent;
      this.#recent = new UserTimes();
    }
    this.#recent.set(user, hash, Math.max(older, orderTime));
  }
}
