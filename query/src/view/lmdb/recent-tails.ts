import type { Order } from "@lastknown/shared";
import type { SmallBlock } from "./received-blocks.js";

/** What appending a user's next arrival needs to know of those before it; kept up to date by whoever appends. */
export interface UserTail {
  /** The user's number in the keys. */
  readonly number: number;
  /** The greatest source offset folded. */
  lastOffset: number;
  /** The greatest order folded. */
  maximum: Order;
  /** The block that the last one came into; undefined where that is not known. */
  lastBlock: SmallBlock | undefined;
}

/**
 * The tails of the users that were folded last. They spare a range read per arrival, which is two thirds of its
 * cost. Bounded: two generations of at most `usersMax` each, the older one dropped when the newer is full.
 */
export class RecentTails {
  readonly #usersMax: number;
  #newer = new Map<string, UserTail>();
  #older = new Map<string, UserTail>();

  constructor(usersMax: number) {
    this.#usersMax = usersMax;
  }

  get(user: string): UserTail | undefined {
    return this.#newer.get(user) ?? this.#older.get(user);
  }

  /** As `get`, of a user that is folded now: it stays longer than others. */
  getToFold(user: string): UserTail | undefined {
    const newer = this.#newer.get(user);
    if (newer !== undefined) return newer;
    const older = this.#older.get(user);
    if (older !== undefined) this.add(user, older);
    return older;
  }

  /** Of a user that `getToFold` does not know, or has just found among the older. */
  add(user: string, tail: UserTail): void {
    if (this.#newer.size >= this.#usersMax) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(user, tail);
  }

  clear(): void {
    this.#newer = new Map();
    this.#older = new Map();
  }
}
