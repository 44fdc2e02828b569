import { randomBytes } from "node:crypto";
import { FatalError, readUint64, writeUint64, type MaxFutureSkew, type Micros } from "@lastknown/shared";
import type { RootDatabase } from "lmdb";
import { foldedArrival, type Arrival, type FoldedArrival, type OrderPosition } from "../arrival.js";
import {
  ViewAbortedError,
  ViewUnwritableError,
  type FoldBatch,
  type FoldPosition,
  type OrderBound,
  type ViewDamagedError,
  type ViewStore,
} from "../view-store.js";
import { greater } from "./arrival-value.js";
import { CheckedTable } from "./checked-table.js";
import * as keys from "./keys.js";
import { RecentTails, type UserTail } from "./recent-tails.js";
import { Soundness } from "./soundness.js";
import { isAbortedByLmdb, isUnwritable } from "./transaction-errors.js";
import { UserPasts } from "./user-pasts.js";
import type { ViewTable } from "./view-tables.js";

/** About 30 MB at worst. */
const TAILS_MAX = 50_000;
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
  readonly #users: CheckedTable;
  readonly #pasts: UserPasts;
  readonly #partitions: CheckedTable;
  readonly #schemas: CheckedTable;
  readonly #counters: CheckedTable;
  readonly #tails = new RecentTails(TAILS_MAX);
  readonly #soundness: Soundness;
  readonly #onClosed: ViewFolderHooks["onClosed"];
  /** Stands in the view while this object writes it. */
  readonly #owner = randomBytes(16);

  /** @throws ViewUnwritableError, ViewAbortedError, ViewDamagedError, as it writes who has it */
  constructor(root: RootDatabase<Buffer, Buffer>, maxFutureSkew: MaxFutureSkew, hooks: ViewFolderHooks) {
    const soundness = new Soundness(hooks.onDamaged);
    const table = (name: ViewTable): CheckedTable =>
      new CheckedTable(root.openDB(name, { encoding: "binary", keyEncoding: "binary" }), name, soundness);
    this.#root = root;
    this.#soundness = soundness;
    this.#onClosed = hooks.onClosed;
    this.#users = table("users");
    this.#pasts = new UserPasts(table("pasts"), maxFutureSkew, soundness);
    this.#partitions = table("partitions");
    this.#schemas = table("schemas");
    this.#counters = table("counters");
    this.#inTransaction(() => this.#counters.put(OWNER, this.#owner));
  }

  get damage(): ViewDamagedError | undefined {
    return this.#soundness.damage;
  }

  fold(...batches: readonly FoldBatch[]): FoldedArrival[] {
    return this.#write(() => batches.flatMap((batch) => this.#foldInTransaction(batch)));
  }

  #write<Answer>(inTransaction: () => Answer): Answer {
    return this.#inTransaction(() => {
      this.#requireOwned();
      return inTransaction();
    });
  }

  #inTransaction<Answer>(write: () => Answer): Answer {
    try {
      return this.#root.transactionSync(write);
    } catch (error) {
      // The tails of a transaction that was undone tell of arrivals that are not there.
      this.#tails.clear();
      if (isUnwritable(error)) throw new ViewUnwritableError(error);
      throw isAbortedByLmdb(error) ? new ViewAbortedError(error) : error;
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
    writeUint64(position, batch.nextOffset, 0);
    writeUint64(position, sourceEnd, 8);
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
    const tail = this.#tailToFold(user);
    if (tail === undefined) return this.#addFirst(arrival);
    if (offset <= tail.lastOffset) return this.#addBefore(tail, arrival);
    const stateBefore = tail.maximum;
    tail.lastOffset = offset;
    tail.maximum = greater(order, stateBefore);
    tail.lastBlock = this.#pasts.add(tail.number, arrival, tail);
    return foldedArrival(arrival, stateBefore, this.#pasts.noteLast(tail.number, order.eventId, offset));
  }

  #addFirst(arrival: Arrival): FoldedArrival {
    const { user, offset, order } = arrival;
    const number = this.#newUserNumber(user);
    const lastBlock = this.#pasts.add(number, arrival, { maximum: order, lastBlock: undefined });
    this.#tails.add(user, { number, lastOffset: offset, maximum: order, lastBlock });
    return foldedArrival(arrival, undefined, this.#pasts.noteLast(number, order.eventId, offset));
  }

  /** Adds an arrival that comes late into the view, as compaction keeps the last copy of each. */
  #addBefore(tail: UserTail, arrival: Arrival): FoldedArrival | undefined {
    const { number } = tail;
    const { offset, order } = arrival;
    if (this.#pasts.has(number, offset)) return undefined;
    const before = this.#pasts.maximumBefore(number, offset);
    const maximum = before === undefined ? order : greater(order, before);
    this.#pasts.add(number, arrival, { maximum, lastBlock: undefined });
    this.#pasts.raiseMaximaAfter(number, offset, order);
    tail.maximum = greater(order, tail.maximum);
    return foldedArrival(arrival, before, this.#pasts.noteEarlier(number, order.eventId, offset));
  }

  #tailToFold(user: string): UserTail | undefined {
    const recent = this.#tails.getToFold(user);
    if (recent !== undefined) return recent;
    const number = this.#storedNumberOf(user);
    if (number === undefined) return undefined;
    const last = this.#pasts.last(number);
    if (last === undefined) throw this.#soundness.lose(`user ${JSON.stringify(user)} has no arrivals`);
    const tail = { number, lastOffset: last.offset, maximum: last.maximum, lastBlock: undefined };
    this.#tails.add(user, tail);
    return tail;
  }

  #newUserNumber(user: string): number {
    const number = this.#counters.get(NEXT_USER)?.readUInt32BE() ?? 0;
    this.#counters.put(NEXT_USER, keys.uint32(number + 1));
    this.#users.put(Buffer.from(user), keys.uint32(number));
    return number;
  }

  #numberOf(user: string): number | undefined {
    return this.#tails.get(user)?.number ?? this.#storedNumberOf(user);
  }

  #storedNumberOf(user: string): number | undefined {
    return this.#users.get(Buffer.from(user))?.readUInt32BE();
  }

  position(partition: number): FoldPosition {
    const value = this.#partitions.get(keys.uint32(partition));
    if (value === undefined) return { nextOffset: 0, sourceEnd: 0 };
    return { nextOffset: readUint64(value, 0), sourceEnd: readUint64(value, 8) };
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
    return number === undefined ? undefined : this.#pasts.arrival(number, offset);
  }

  bySource(user: string, fromOffset: number): Iterable<FoldedArrival> {
    const number = this.#numberOf(user);
    return number === undefined ? [] : this.#pasts.bySource(number, fromOffset);
  }

  latestReceived(user: string): Iterable<Arrival> {
    const number = this.#numberOf(user);
    return number === undefined ? [] : this.#pasts.latestReceived(number);
  }

  byOrder(user: string, bound: OrderBound): Iterable<OrderPosition> {
    const number = this.#numberOf(user);
    return number === undefined ? [] : this.#pasts.byOrder(number, bound);
  }

  latestReceivedBy(user: string, orderTimeMax: Micros, receivedMax: Micros): Micros | undefined {
    const number = this.#numberOf(user);
    return number === undefined ? undefined : this.#pasts.latestReceivedBy(number, orderTimeMax, receivedMax);
  }

  clear(): void {
    this.#tails.clear();
    this.#write(() => {
      for (const table of [this.#users, this.#pasts, this.#partitions, this.#schemas]) table.clear();
      this.#counters.remove(NEXT_USER);
    });
  }

  async close(): Promise<void> {
    await this.#root.close();
    await this.#onClosed(this.damage === undefined);
  }
}
