import type { Micros } from "@lastknown/shared";
import type { Arrival, FoldedArrival, OrderPosition } from "../arrival.js";
import {
  ViewDamagedError,
  type FoldBatch,
  type FoldPosition,
  type OrderBound,
  type ViewStore,
} from "../view-store.js";
import { SortedUsers } from "./sorted-users.js";
import { UserArrivals } from "./user-arrivals.js";

/** The view in sorted arrays: for small fleets and tests. It begins anew at each start. */
export class MemoryViewStore implements ViewStore {
  readonly #users = new Map<string, UserArrivals>();
  readonly #names = new SortedUsers();
  readonly #positions = new Map<number, FoldPosition>();
  readonly #schemas = new Map<number, string>();

  /** Nothing changes memory behind our back. */
  get damage(): ViewDamagedError | undefined {
    return undefined;
  }

  fold(...batches: readonly FoldBatch[]): FoldedArrival[] {
    return batches.flatMap((batch) => this.#foldOne(batch));
  }

  #foldOne(batch: FoldBatch): FoldedArrival[] {
    for (const { schemaId, text } of batch.schemas) {
      if (!this.#schemas.has(schemaId)) this.#schemas.set(schemaId, text);
    }
    const added: FoldedArrival[] = [];
    let { sourceEnd } = this.position(batch.partition);
    for (const arrival of batch.arrivals) {
      // The batch's bodies are views of a whole fetch response, which they would keep alive.
      const { user, offset, order, appendedAtMs, schemaId } = arrival;
      const kept = { user, offset, order, appendedAtMs, schemaId, body: Buffer.from(arrival.body) };
      const folded = this.#arrivalsToFill(user).add(kept);
      if (folded !== undefined) added.push(folded);
      sourceEnd = Math.max(sourceEnd, offset + 1);
    }
    this.#positions.set(batch.partition, { nextOffset: batch.nextOffset, sourceEnd });
    return added;
  }

  #arrivalsToFill(user: string): UserArrivals {
    let arrivals = this.#users.get(user);
    if (arrivals === undefined) {
      arrivals = new UserArrivals();
      this.#users.set(user, arrivals);
      this.#names.add(user);
    }
    return arrivals;
  }

  position(partition: number): FoldPosition {
    return this.#positions.get(partition) ?? { nextOffset: 0, sourceEnd: 0 };
  }

  schemaText(schemaId: number): string | undefined {
    return this.#schemas.get(schemaId);
  }

  hasUser(user: string): boolean {
    return this.#users.has(user);
  }

  users(after: string | undefined): Iterable<string> {
    return this.#names.from(after);
  }

  reportDamage(reason: string): ViewDamagedError {
    return new ViewDamagedError(reason);
  }

  arrival(user: string, offset: number): Arrival | undefined {
    return this.#users.get(user)?.arrival(offset);
  }

  bySource(user: string, fromOffset: number): Iterable<FoldedArrival> {
    return this.#users.get(user)?.bySource(fromOffset) ?? [];
  }

  latestReceived(user: string): Iterable<Arrival> {
    return this.#users.get(user)?.latestReceived() ?? [];
  }

  byOrder(user: string, bound: OrderBound): Iterable<OrderPosition> {
    return this.#users.get(user)?.byOrder(bound) ?? [];
  }

  /** It keeps no account of blocks: a walk through memory is for small fleets. */
  latestReceivedBy(_user: string, orderTimeMax: Micros): Micros {
    return orderTimeMax;
  }

  clear(): void {
    this.#users.clear();
    this.#names.clear();
    this.#positions.clear();
    this.#schemas.clear();
  }

  /** Nothing is open. */
  async close(): Promise<void> {
    await Promise.resolve();
  }
}
