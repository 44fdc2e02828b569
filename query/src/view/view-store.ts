import type { Micros, Order } from "@lastknown/shared";
import type { Arrival, FoldedArrival, OrderPosition } from "./arrival.js";

/** What `fold` takes in from one partition of the audit. */
export interface FoldBatch {
  readonly partition: number;
  /** In any order of source offsets. They hold the event loop: 500 of them for some 20 ms. */
  readonly arrivals: readonly Arrival[];
  readonly schemas: readonly SchemaCopy[];
  /** The audit offset to go on from. */
  readonly nextOffset: number;
}

export interface SchemaCopy {
  readonly schemaId: number;
  readonly text: string;
}

/** How far a partition is folded. */
export interface FoldPosition {
  /** The audit offset to go on from. */
  readonly nextOffset: number;
  /** One past the greatest source offset folded, 0 while there is none. */
  readonly sourceEnd: number;
}

/** Where to begin walking a user's arrivals from the greatest order down; arrivals of a maximum are walked too. */
export type OrderBound =
  { readonly orderTimeMax: Micros } | { readonly orderMax: Order } | { readonly below: OrderPosition };

/** The store holds something else than was folded into it. */
export class ViewDamagedError extends Error {
  override readonly name = "ViewDamagedError";

  constructor(reason: string) {
    super(`the view is damaged: ${reason}`);
  }
}

/** The disk takes nothing more. What was folded before is there and can be read; the batches are not. */
export class ViewUnwritableError extends Error {
  override readonly name = "ViewUnwritableError";

  constructor(cause: Error) {
    super(`the view cannot be written: ${cause.message}`, { cause });
  }
}

/**
 * The store gave up a transaction, and may give up all that follow. What was folded before is there and can be read,
 * the batches are not: it is to be closed and opened again.
 */
export class ViewAbortedError extends Error {
  override readonly name = "ViewAbortedError";

  constructor(cause: Error) {
    super(`the view gave up a transaction: ${cause.message.trimEnd()}`, { cause });
  }
}

/**
 * The audit, folded so that the past can be asked. What it answers depends on the set of arrivals alone: not on
 * the order in which they were folded, nor on how often one was.
 *
 * Reads are synchronous and see all that `fold` has taken in. An iterable must be used up or left within one
 * turn of the event loop, and not across a `fold`. No call waits for a server.
 */
export interface ViewStore {
  /**
   * Set once the store has found itself damaged. From then on every other call but `close` throws it; a store
   * opened in its place begins anew.
   */
  readonly damage: ViewDamagedError | undefined;

  /**
   * Takes in batches, all of them or nothing, together with the offsets to go on from. An arrival that is already
   * there is ignored; one with a lower source offset than those there corrects the states after it.
   *
   * @returns the new arrivals, each with what the verdict on it needs as it stood when the arrival was taken in: one
   *   that comes after those with greater source offsets may change the verdicts on these, which are not given again;
   *   bodies may be views of the batches'
   * @throws ViewUnwritableError, ViewAbortedError: none of the batches was taken in
   */
  fold(...batches: readonly FoldBatch[]): readonly FoldedArrival[];

  position(partition: number): FoldPosition;

  /** The first text that was folded under this id: a schema's text never changes. */
  schemaText(schemaId: number): string | undefined;

  hasUser(user: string): boolean;

  /** Known users in the order of their bytes, from the first after `after`. */
  users(after: string | undefined): Iterable<string>;

  arrival(user: string, offset: number): Arrival | undefined;

  /** Takes the word of whoever was given what does not fit together, and gives the error to throw. */
  reportDamage(reason: string): ViewDamagedError;

  /** The user's arrivals by ascending source offset, the first at or past `fromOffset`. */
  bySource(user: string, fromOffset: number): Iterable<FoldedArrival>;

  /** The user's arrivals by descending source offset. */
  latestReceived(user: string): Iterable<Arrival>;

  /** The user's arrivals from the greatest order down; of equal orders the first received comes first. */
  byOrder(user: string, bound: OrderBound): Iterable<OrderPosition>;

  /**
   * Where to search for the user's greatest order that was received by a moment: no arrival with `sts` up to
   * `receivedMax` has an order time from above this up to `orderTimeMax`. Undefined where none has one at or below it.
   * A store that keeps no account of that gives `orderTimeMax`.
   */
  latestReceivedBy(user: string, orderTimeMax: Micros, receivedMax: Micros): Micros | undefined;

  /** Forgets everything, the offsets to go on from included. */
  clear(): void;

  close(): Promise<void>;
}
