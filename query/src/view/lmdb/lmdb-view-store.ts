import { randomBytes } from "node:crypto";
import { compareOrder, FatalError, type MaxFutureSkew, type Micros, type Order } from "@lastknown/shared";
import type { RootDatabase } from "lmdb";
import type { Arrival, FoldedArrival, OrderPosition } from "../arrival.js";
import {
  type FoldBatch,
  type FoldPosition,
  type OrderBound,
  type ViewDamagedError,
  type ViewStore,
} from "../view-store.js";
import { arrivalOf, arrivalValue, greater, maximumOf, withMaximum } from "./arrival-value.js";
import { CheckedTable } from "./checked-table.js";
import * as keys from "./keys.js";
import { ReceivedBlocks, type SmallBlock } from "./received-blocks.js";
import { RecentTails, type UserTail } from "./recent-tails.js";
import { Soundness } from "./soundness.js";
import { translateWriteError } from "./unwritable.js";
import type { ViewTable } from "./view-tables.js";

/** About 30 MB at worst. */
const TAILS_MAX = 50_000;
const EMPTY = Buffer.alloc(0);
const NEXT_USER = Buffer.from("next-user");
const OWNER = Buffer.from("owner");

/** What the folder of the view has to know of the store. */
export interface ViewFolderHooks {
  readonly onDamaged: (reason: string) => void;
  /** @param isSound whether what is in the folder may be opened again */
  readonly onClosed: (isSound: boolean) => Promise<void>;
}

/**
 * The view on disk. Tables:
 *
 * - `users`: user → its number
 * - `pasts`: all that is kept of each user's arrivals, side by side, so that an arrival changes few pages:
 *   - number, arrival, source offset → running maximum of order, append time, schema id, body
 *   - number, order, offset → nothing
 *   - number, size, block of order times → the least sts in it
 *   - number, event id → the first source offset with it
 * - `partitions`: partition → where to go on in the audit, one past the greatest source offset
 * - `schemas`: id → text, `counters`: the next user number, who writes
 *
 * `fold` is one transaction over all of them, so a process killed at any moment leaves a whole number of batches
 * and the offset that fits them. LMDB writes the page that makes a transaction valid last; without syncs that
 * order holds as long as the machine runs, and ViewDirectory rebuilds after it did not.
 */
export class LmdbViewStore implements ViewStore {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #maxFutureSkew: MaxFutureSkew;
  readonly #users: CheckedTable;
  readonly #pasts: CheckedTable;
  readonly #blocks: ReceivedBlocks;
  readonly #partitions: CheckedTable;
  readonly #schemas: CheckedTable;
  readonly #counters: CheckedTable;
  readonly #tails = new RecentTails(TAILS_MAX);
  readonly #soundness: Soundness;
  readonly #onClosed: ViewFolderHooks["onClosed"];
  /** Stands in the view while this object writes it. */
  readonly #owner = randomBytes(16);

  constructor(root: RootDatabase<Buffer, Buffer>, maxFutureSkew: MaxFutureSkew, hooks: ViewFolderHooks) {
    const soundness = new Soundness(hooks.onDamaged);
    const table = (name: ViewTable): CheckedTable =>
      new CheckedTable(root.openDB(name, { encoding: "binary", keyEncoding: "binary" }), name, soundness);
    this.#root = root;
    this.#soundness = soundness;
    this.#onClosed = hooks.onClosed;
    this.#maxFutureSkew = maxFutureSkew;
    this.#users = table("users");
    this.#pasts = table("pasts");
    this.#blocks = new ReceivedBlocks(this.#pasts);
    this.#partitions = table("partitions");
    this.#schemas = table("schemas");
    this.#counters = table("counters");
    this.#counters.put(OWNER, this.#owner);
  }

  get damage(): ViewDamagedError | undefined {
    return this.#soundness.damage;
  }

  fold(...batches: readonly FoldBatch[]): FoldedArrival[] {
    try {
      return this.#root.transactionSync(() => {
        this.#requireOwned();
        return batches.flatMap((batch) => this.#foldInTransaction(batch));
      });
    } catch (error) {
      // The tails of a transaction that was undone tell of arrivals that are not there.
      this.#tails.clear();
      throw translateWriteError(error);
    }
  }

  #foldInTransaction(batch: FoldBatch): FoldedArrival[] {
    for (const { schemaId, text } of batch.schemas) {
      if (this.schemaText(schemaId) === undefined)
        this.#schemas.put(keys.uint32(schemaId), Buffer.from(text));
    }
    const added: FoldedArrival[] = [];
    let { sourceEnd } = this.position(batch.partition);
    for (const arrival of batch.arrivals) {
      const folded = this.#add(arrival);
      if (folded !== undefined) added.push(folded);
      sourceEnd = Math.max(sourceEnd, arrival.offset + 1);
    }
    const position = Buffer.allocUnsafe(16);
    keys.writeUint64(position, batch.nextOffset, 0);
    keys.writeUint64(position, sourceEnd, 8);
    this.#partitions.put(keys.uint32(batch.partition), position);
    return added;
  }

  /** The tails in memory know only of our own writes, so two that write one view would spoil it. */
  #requireOwned(): void {
    if (this.#counters.get(OWNER)?.equals(this.#owner) === true) return;
    throw new FatalError("another query service has opened the same view and writes it now", {
      fix: "give each query service a LASTKNOWN_DATA_DIRECTORY of its own",
    });
  }

  /** Undefined where it was there. */
  #add(arrival: Arrival): FoldedArrival | undefined {
    const { user, offset, order } = arrival;
    const tail = this.#tail(user);
    if (tail !== undefined && offset <= tail.lastOffset) return this.#addBefore(tail, arrival);
    const number = tail?.number ?? this.#newUserNumber(user);
    const maximum = tail === undefined ? order : greater(order, tail.maximum);
    const block = this.#put(number, arrival, maximum, tail?.block);
    const seenKey = keys.seenKey(number, order.eventId);
    const seenBefore = this.#pasts.get(seenKey) !== undefined;
    if (!seenBefore) this.#pasts.put(seenKey, keys.uint64(offset));
    this.#tails.set(user, { number, lastOffset: offset, maximum, block });
    return { ...arrival, stateBefore: tail?.maximum, seenBefore };
  }

  /** Adds an arrival that comes late into the view, as compaction keeps the last copy of each. */
  #addBefore(tail: UserTail, arrival: Arrival): FoldedArrival | undefined {
    const { number } = tail;
    const { user, offset, order } = arrival;
    if (this.#pasts.get(keys.arrivalKey(number, offset)) !== undefined) return undefined;
    const before = this.#maximumBefore(number, offset);
    this.#put(number, arrival, before === undefined ? order : greater(order, before));
    this.#raiseMaximaAfter(number, offset, order);
    const seenKey = keys.seenKey(number, order.eventId);
    const firstSeen = this.#pasts.get(seenKey);
    const seenBefore = firstSeen !== undefined && keys.readUint64(firstSeen, 0) < offset;
    if (!seenBefore) this.#pasts.put(seenKey, keys.uint64(offset));
    this.#tails.set(user, { ...tail, maximum: greater(order, tail.maximum) });
    return { ...arrival, stateBefore: before, seenBefore };
  }

  #put(number: number, arrival: Arrival, maximum: Order, last?: SmallBlock): SmallBlock {
    this.#pasts.put(keys.arrivalKey(number, arrival.offset), arrivalValue(arrival, maximum));
    this.#pasts.put(keys.orderKey(number, arrival), EMPTY);
    return this.#blocks.add(number, arrival.order, last);
  }

  /** The maxima only grow with the offset, so the first that is already as great ends the correction. */
  #raiseMaximaAfter(number: number, offset: number, order: Order): void {
    const raised: [Buffer, Buffer][] = [];
    const range = { start: keys.arrivalKey(number, offset + 1), end: keys.afterArrivals(number) };
    for (const { key, value } of this.#pasts.range(range)) {
      if (compareOrder(maximumOf(value), order) >= 0) break;
      raised.push([key, withMaximum(value, order)]);
    }
    for (const [key, value] of raised) this.#pasts.put(key, value);
  }

  #tail(user: string): UserTail | undefined {
    const recent = this.#tails.get(user);
    if (recent !== undefined) return recent;
    const number = this.#numberOf(user);
    if (number === undefined) return undefined;
    const range = {
      start: keys.afterArrivals(number),
      end: keys.beforeArrivals(number),
      reverse: true,
      limit: 1,
    };
    for (const { key, value } of this.#pasts.range(range)) {
      return { number, lastOffset: keys.offsetOfArrivalKey(key), maximum: maximumOf(value) };
    }
    throw this.#soundness.lose(`user ${JSON.stringify(user)} has no arrivals`);
  }

  #maximumBefore(number: number, offset: number): Order | undefined {
    const range = {
      start: keys.arrivalKey(number, offset),
      end: keys.beforeArrivals(number),
      exclusiveStart: true,
      reverse: true,
      limit: 1,
    };
    for (const { value } of this.#pasts.range(range)) return maximumOf(value);
    return undefined;
  }

  #newUserNumber(user: string): number {
    const number = this.#counters.get(NEXT_USER)?.readUInt32BE() ?? 0;
    this.#counters.put(NEXT_USER, keys.uint32(number + 1));
    this.#users.put(Buffer.from(user), keys.uint32(number));
    return number;
  }

  #numberOf(user: string): number | undefined {
    return this.#tails.get(user)?.number ?? this.#users.get(Buffer.from(user))?.readUInt32BE();
  }

  position(partition: number): FoldPosition {
    const value = this.#partitions.get(keys.uint32(partition));
    if (value === undefined) return { nextOffset: 0, sourceEnd: 0 };
    return { nextOffset: keys.readUint64(value, 0), sourceEnd: keys.readUint64(value, 8) };
  }

  schemaText(schemaId: number): string | undefined {
    return this.#schemas.get(keys.uint32(schemaId))?.toString();
  }

  hasUser(user: string): boolean {
    return this.#numberOf(user) !== undefined;
  }

  *users(after: string | undefined): Iterable<string> {
    const range = after === undefined ? {} : { start: Buffer.from(after), exclusiveStart: true };
    for (const { key } of this.#users.range(range)) yield key.toString();
  }

  reportDamage(reason: string): ViewDamagedError {
    return this.#soundness.lose(reason);
  }

  arrival(user: string, offset: number): Arrival | undefined {
    const number = this.#numberOf(user);
    const value = number === undefined ? undefined : this.#pasts.get(keys.arrivalKey(number, offset));
    return value === undefined ? undefined : arrivalOf(value, offset, this.#maxFutureSkew);
  }

  *bySource(user: string, fromOffset: number): Iterable<FoldedArrival> {
    const number = this.#numberOf(user);
    if (number === undefined) return;
    let stateBefore = this.#maximumBefore(number, fromOffset);
    const range = { start: keys.arrivalKey(number, fromOffset), end: keys.afterArrivals(number) };
    for (const { key, value } of this.#pasts.range(range)) {
      const offset = keys.offsetOfArrivalKey(key);
      const arrival = arrivalOf(value, offset, this.#maxFutureSkew);
      const firstSeen = this.#pasts.get(keys.seenKey(number, arrival.order.eventId));
      if (firstSeen === undefined) throw this.#soundness.lose("an arrival's event was never seen");
      yield { ...arrival, stateBefore, seenBefore: keys.readUint64(firstSeen, 0) < offset };
      stateBefore = maximumOf(value);
    }
  }

  *latestReceived(user: string): Iterable<Arrival> {
    const number = this.#numberOf(user);
    if (number === undefined) return;
    const range = { start: keys.afterArrivals(number), end: keys.beforeArrivals(number), reverse: true };
    for (const { key, value } of this.#pasts.range(range)) {
      yield arrivalOf(value, keys.offsetOfArrivalKey(key), this.#maxFutureSkew);
    }
  }

  *byOrder(user: string, bound: OrderBound): Iterable<OrderPosition> {
    const number = this.#numberOf(user);
    if (number === undefined) return;
    const range = {
      start: keys.aboveBound(number, bound),
      end: keys.beforeOrders(number),
      exclusiveStart: true,
      reverse: true,
    };
    for (const { key } of this.#pasts.range(range)) yield keys.positionOfOrderKey(key);
  }

  latestReceivedBy(user: string, orderTimeMax: Micros, receivedMax: Micros): Micros | undefined {
    const number = this.#numberOf(user);
    return number === undefined ? undefined : this.#blocks.latest(number, orderTimeMax, receivedMax);
  }

  clear(): void {
    this.#tails.clear();
    this.#root.transactionSync(() => {
      this.#requireOwned();
      for (const table of [this.#users, this.#pasts, this.#partitions, this.#schemas]) table.clear();
      this.#counters.remove(NEXT_USER);
    });
  }

  async close(): Promise<void> {
    await this.#root.close();
    await this.#onClosed(this.damage === undefined);
  }
}
