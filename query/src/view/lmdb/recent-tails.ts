import type { Order } from "@lastknown/shared";
import type { SmallBlock } from "./received-blocks.js";

/** What appending a user's next arrival needs to know of those before it. */
export interface UserTail {
  /** The user's number in the keys. */
  readonly number: number;
  /** The greatest source offset folded. */
  readonly lastOffset: number;
  /** The greatest order folded. */
  readonly maximum: Order;
  /** The block that the last one came into; undefined where that is not known. */
  readonly block?: SmallBlock;
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

  set(user: string, tail: UserTail): void {
    if (this.#newer.size >= this.#usersMax && !this.#newer.has(user)) {
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
