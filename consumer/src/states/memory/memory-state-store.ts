import { compareCanonicalAttributes } from "@lastknown/shared";
import {
  StatesUnavailableError,
  storedState,
  type BucketOutcome,
  type BucketUpdate,
  type NewestState,
  type RebuildCall,
  type StateStore,
  type StoredState,
} from "../state-store.js";

/** A store that can hold progress, users' states, or both of one bucket. */
interface Bucket {
  progress: number;
  readonly states: Map<string, StoredState>;
  rebuild?: { readonly id: string; readonly calls: number } | undefined;
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

  async rebuild(calls: readonly RebuildCall[]): Promise<BucketOutcome[]> {
    this.#requireAvailable();
    return await Promise.resolve(calls.map((call) => this.#rebuildOne(call)));
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

  /** What `restore` brings back: a dump of all that is there now. */
  dump(): ReadonlyMap<number, Bucket> {
    return new Map([...this.#buckets].map(([bucket, kept]) => [bucket, copyOf(kept)]));
  }

  /** Loses all that came after the dump, as nodes do that are started from an old backup. */
  restore(dump: ReadonlyMap<number, Bucket>): void {
    this.#buckets.clear();
    for (const [bucket, kept] of dump) this.#buckets.set(bucket, copyOf(kept));
  }

  #applyOne({ bucket, expectedProgress, progress, states }: BucketUpdate): BucketOutcome {
    const stored = this.#bucket(bucket);
    if (stored.progress < expectedProgress) return { kind: "behind", stored: stored.progress };
    const written = writeNewer(states, stored.states);
    stored.progress = Math.max(stored.progress, progress);
    return { kind: "applied", written };
  }

  #rebuildOne({ bucket, rebuild: id, callsBefore, progress, states }: RebuildCall): BucketOutcome {
    const stored = this.#bucket(bucket);
    if (progress !== undefined && stored.progress >= progress) return { kind: "applied", written: 0 };
    const calls = stored.rebuild?.id === id ? stored.rebuild.calls : 0;
    if (calls < callsBefore) return { kind: "behind", stored: stored.progress };
    const written = writeNewer(states, stored.states);
    stored.rebuild = progress === undefined ? { id, calls: Math.max(calls, callsBefore + 1) } : undefined;
    stored.progress = progress ?? stored.progress;
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

function writeNewer(states: readonly NewestState[], stored: Map<string, StoredState>): number {
  let written = 0;
  for (const state of states.map(storedState)) {
    const before = stored.get(state.user);
    if (before !== undefined && !isNewer(state, before)) continue;
    stored.set(state.user, state);
    written++;
  }
  return written;
}

function copyOf({ states, ...bucket }: Bucket): Bucket {
  return { ...bucket, states: new Map(states) };
}

function isNewer(state: StoredState, stored: StoredState): boolean {
  if (state.order !== stored.order) return state.order > stored.order;
  return compareCanonicalAttributes(state.attributes, stored.attributes) > 0;
}
