import { compareCanonicalAttributes } from "@lastknown/shared";
import {
  StatesUnavailableError,
  type BucketOutcome,
  type BucketUpdate,
  type StateStore,
  type StoredState,
} from "../state-store.js";

/** A store that can hold progress, users' states, or both of one bucket. */
interface Bucket {
  progress: number;
  readonly states: Map<string, StoredState>;
}

/** The model of the server-side script, and a store for tests. */
export class MemoryStateStore implements StateStore {
  readonly #buckets = new Map<number, Bucket>();
  /** While true, every call fails as if no node answered. */
  unavailable = false;

  async apply(updates: readonly BucketUpdate[]): Promise<BucketOutcome[]> {
    this.#requireAvailable();
    return await Promise.resolve(updates.map((update) => this.#applyOne(update)));
  }

  async progress(buckets: readonly number[]): Promise<Map<number, number>> {
    this.#requireAvailable();
    const stored = buckets.map((bucket): [number, number] => [bucket, this.#bucket(bucket).progress]);
    return await Promise.resolve(new Map(stored));
  }

  state(bucket: number, user: string): StoredState | undefined {
    return this.#bucket(bucket).states.get(user);
  }

  /** Every state, by user. */
  states(): Map<string, StoredState> {
    return new Map([...this.#buckets.values()].flatMap(({ states }) => [...states]));
  }

  /** Every bucket's progress. */
  progressOfAll(): Map<number, number> {
    return new Map([...this.#buckets].map(([bucket, { progress }]) => [bucket, progress]));
  }

  /** Loses a bucket, as a node that was emptied does. */
  lose(bucket: number): void {
    this.#buckets.delete(bucket);
  }

  #applyOne({ bucket, expectedProgress, progress, states }: BucketUpdate): BucketOutcome {
    const stored = this.#bucket(bucket);
    if (stored.progress < expectedProgress) return { kind: "behind", stored: stored.progress };
    let written = 0;
    for (const state of states) {
      const before = stored.states.get(state.user);
      if (before !== undefined && !isNewer(state, before)) continue;
      stored.states.set(state.user, state);
      written++;
    }
    stored.progress = Math.max(stored.progress, progress);
    return { kind: "applied", written };
  }

  #bucket(bucket: number): Bucket {
    const known = this.#buckets.get(bucket) ?? { progress: 0, states: new Map() };
    this.#buckets.set(bucket, known);
    return known;
  }

  #requireAvailable(): void {
    if (this.unavailable) throw new StatesUnavailableError("the store was switched off");
  }
}

function isNewer(state: StoredState, stored: StoredState): boolean {
  if (state.order !== stored.order) return state.order > stored.order;
  return compareCanonicalAttributes(state.attributes, stored.attributes) > 0;
}
