import { compareOrder, type EventId, type Order } from "@lastknown/shared";
import type { Arrival } from "../arrival.js";
import { arrivalValue, maximumOf, withMaximum } from "./arrival-value.js";
import type { CheckedTable } from "./checked-table.js";
import * as keys from "./keys.js";
import { ReceivedBlocks, type SmallBlock } from "./received-blocks.js";

const EMPTY = Buffer.alloc(0);

/** The arrival with the greatest source offset, and the greatest order of all. */
export interface LastArrival {
  readonly offset: number;
  readonly maximum: Order;
}

/** Keeps the entries of each user's arrivals in step with one another. Users are told by their numbers. */
export class UserPasts {
  readonly blocks: ReceivedBlocks;
  readonly #table: CheckedTable;

  constructor(table: CheckedTable) {
    this.blocks = new ReceivedBlocks(table);
    this.#table = table;
  }

  has(user: number, offset: number): boolean {
    return this.#table.get(keys.arrivalKey(user, offset)) !== undefined;
  }

  /**
   * All but that its event was seen.
   *
   * @param maximum the greatest order among the user's arrivals up to and including this one
   * @param last what this gave for the user's arrival before
   */
  put(user: number, arrival: Arrival, maximum: Order, last: SmallBlock | undefined): SmallBlock {
    this.#table.put(keys.arrivalKey(user, arrival.offset), arrivalValue(arrival, maximum));
    this.#table.put(keys.orderKey(user, arrival), EMPTY);
    return this.blocks.add(user, arrival.order, last);
  }

  /** Of an arrival after all others. Gives whether one of these has the event. */
  see(user: number, eventId: EventId, offset: number): boolean {
    return !this.#table.putNew(keys.seenKey(user, eventId), keys.uint64(offset));
  }

  /** Of an arrival before others. Gives whether one before it has the event. */
  seeBefore(user: number, eventId: EventId, offset: number): boolean {
    const firstSeen = this.firstSeen(user, eventId);
    if (firstSeen !== undefined && firstSeen < offset) return true;
    this.#table.put(keys.seenKey(user, eventId), keys.uint64(offset));
    return false;
  }

  /** The first source offset with the event. */
  firstSeen(user: number, eventId: EventId): number | undefined {
    const stored = this.#table.get(keys.seenKey(user, eventId));
    return stored === undefined ? undefined : keys.readUint64(stored, 0);
  }

  last(user: number): LastArrival | undefined {
    const range = {
      start: keys.afterArrivals(user),
      end: keys.beforeArrivals(user),
      reverse: true,
      limit: 1,
    };
    for (const { key, value } of this.#table.range(range))
      return { offset: keys.offsetOfArrivalKey(key), maximum: maximumOf(value) };
    return undefined;
  }

  /** The greatest order among the arrivals with lower source offsets. */
  maximumBefore(user: number, offset: number): Order | undefined {
    const range = {
      start: keys.arrivalKey(user, offset),
      end: keys.beforeArrivals(user),
      exclusiveStart: true,
      reverse: true,
      limit: 1,
    };
    for (const { value } of this.#table.range(range)) return maximumOf(value);
    return undefined;
  }

  /** The maxima only grow with the offset, so the first that is already as great ends the correction. */
  raiseMaximaAfter(user: number, offset: number, order: Order): void {
    const raised: [Buffer, Buffer][] = [];
    const range = { start: keys.arrivalKey(user, offset + 1), end: keys.afterArrivals(user) };
    for (const { key, value } of this.#table.range(range)) {
      if (compareOrder(maximumOf(value), order) >= 0) break;
      raised.push([key, withMaximum(value, order)]);
    }
    for (const [key, value] of raised) this.#table.put(key, value);
  }
}
