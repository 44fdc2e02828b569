import {
  compareOrder,
  readUint64,
  type EventId,
  type MaxFutureSkew,
  type Micros,
  type Order,
} from "@lastknown/shared";
import { foldedArrival, type Arrival, type FoldedArrival, type OrderPosition } from "../arrival.js";
import type { OrderBound } from "../view-store.js";
import { arrivalOf, arrivalValue, maximumOf, withMaximum } from "./arrival-value.js";
import type { CheckedTable } from "./checked-table.js";
import * as keys from "./keys.js";
import { ReceivedBlocks, type SmallBlock } from "./received-blocks.js";
import type { Soundness } from "./soundness.js";

const EMPTY = Buffer.alloc(0);

/** The arrival with the greatest source offset, and the greatest order of all. */
export interface LastArrival {
  readonly offset: number;
  readonly maximum: Order;
}

/** How an arrival stands among those before it. */
export interface Standing {
  /** The greatest order up to and including this arrival. */
  readonly maximum: Order;
  /** What the user's arrival before came into, where that is known. */
  readonly lastBlock: SmallBlock | undefined;
}

/** The table `pasts`: the entries of each user's arrivals, in step with one another. Users are told by their numbers. */
export class UserPasts {
  readonly #table: CheckedTable;
  readonly #blocks: ReceivedBlocks;
  readonly #maxFutureSkew: MaxFutureSkew;
  readonly #soundness: Soundness;

  constructor(table: CheckedTable, maxFutureSkew: MaxFutureSkew, soundness: Soundness) {
    this.#table = table;
    this.#blocks = new ReceivedBlocks(table);
    this.#maxFutureSkew = maxFutureSkew;
    this.#soundness = soundness;
  }

  /** Adds all entries but the one by event id. Gives the block that it came into. */
  add(user: number, arrival: Arrival, { maximum, lastBlock }: Standing): SmallBlock {
    this.#table.put(keys.arrivalKey(user, arrival.offset), arrivalValue(arrival, maximum));
    this.#table.put(keys.orderKey(user, arrival), EMPTY);
    return this.#blocks.add(user, arrival.order, lastBlock);
  }

  /** Adds the entry by event id of an arrival behind all others. Gives whether one of those has the same event. */
  noteLast(user: number, eventId: EventId, offset: number): boolean {
    return !this.#table.putNew(keys.seenKey(user, eventId), keys.uint64(offset));
  }

  /** The same of an arrival that others come after. Gives whether one before it has the same event. */
  noteEarlier(user: number, eventId: EventId, offset: number): boolean {
    const firstSeen = this.#firstSeen(user, eventId);
    if (firstSeen !== undefined && firstSeen < offset) return true;
    this.#table.put(keys.seenKey(user, eventId), keys.uint64(offset));
    return false;
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

  clear(): void {
    this.#table.clear();
  }

  has(user: number, offset: number): boolean {
    return this.#table.get(keys.arrivalKey(user, offset)) !== undefined;
  }

  arrival(user: number, offset: number): Arrival | undefined {
    const value = this.#table.get(keys.arrivalKey(user, offset));
    return value === undefined ? undefined : arrivalOf(value, offset, this.#maxFutureSkew);
  }

  last(user: number): LastArrival | undefined {
    for (const { key, value } of this.#table.range({ ...latestFirst(user), limit: 1 }))
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

  *bySource(user: number, fromOffset: number): Iterable<FoldedArrival> {
    let stateBefore = this.maximumBefore(user, fromOffset);
    const range = { start: keys.arrivalKey(user, fromOffset), end: keys.afterArrivals(user) };
    for (const { key, value } of this.#table.range(range)) {
      const offset = keys.offsetOfArrivalKey(key);
      const arrival = arrivalOf(value, offset, this.#maxFutureSkew);
      const firstSeen = this.#firstSeen(user, arrival.order.eventId);
      if (firstSeen === undefined) throw this.#soundness.lose("an arrival's event was never seen");
      yield foldedArrival(arrival, stateBefore, firstSeen < offset);
      stateBefore = maximumOf(value);
    }
  }

  *latestReceived(user: number): Iterable<Arrival> {
    for (const { key, value } of this.#table.range(latestFirst(user)))
      yield arrivalOf(value, keys.offsetOfArrivalKey(key), this.#maxFutureSkew);
  }

  *byOrder(user: number, bound: OrderBound): Iterable<OrderPosition> {
    const range = {
      start: keys.aboveBound(user, bound),
      end: keys.beforeOrders(user),
      exclusiveStart: true,
      reverse: true,
    };
    for (const { key } of this.#table.range(range)) yield keys.positionOfOrderKey(key);
  }

  latestReceivedBy(user: number, orderTimeMax: Micros, receivedMax: Micros): Micros | undefined {
    return this.#blocks.latest(user, orderTimeMax, receivedMax);
  }

  #firstSeen(user: number, eventId: EventId): number | undefined {
    const stored = this.#table.get(keys.seenKey(user, eventId));
    return stored === undefined ? undefined : readUint64(stored, 0);
  }
}

function latestFirst(user: number): { start: Buffer; end: Buffer; reverse: boolean } {
  return { start: keys.afterArrivals(user), end: keys.beforeArrivals(user), reverse: true };
}
