import type { KnownOrders } from "../arrivals/known-orders.js";
import { newestStates } from "../arrivals/newest-states.js";
import type { Arrival, SettledBatch } from "../arrivals/partition-batch.js";
import type { Outlasting } from "../faults/patience.js";
import type { BucketProgress } from "../settled/bucket-progress.js";
import type { BucketUpdate, StateStore } from "../states/state-store.js";
import type { WorkerMetrics } from "../worker-metrics.js";

export interface StateApplierOptions {
  readonly states: StateStore;
  readonly progress: BucketProgress;
  /** Told of what the store acknowledges. */
  readonly known: Pick<KnownOrders, "acknowledged">;
  readonly eventsTopic: string;
  readonly patience: Outlasting;
  readonly metrics: WorkerMetrics;
}

/** An update and the partition that its bucket belongs to. */
interface PartitionUpdate {
  readonly partition: number;
  readonly update: BucketUpdate;
}

/** Brings states and progress into the store, bucket by bucket, each in one atomic call. */
export class StateApplier {
  readonly #options: StateApplierOptions;

  constructor(options: StateApplierOptions) {
    this.#options = options;
  }

  /** Applies the batches. Gives the partitions of which the store has lost what it acknowledged before. */
  async apply(batches: readonly SettledBatch[], signal: AbortSignal): Promise<Set<number>> {
    const behind = await this.#send(
      batches.flatMap(({ partition, nextOffset, states }) =>
        [...states].map(([bucket, ofBucket]) => ({
          partition,
          update: this.#update(bucket, nextOffset, ofBucket),
        })),
      ),
      signal,
    );
    const notAsked = batches.reduce((sum, batch) => sum + notAskedAbout(batch), 0);
    this.#options.metrics.states.inc({ outcome: "skipped" }, notAsked);
    return behind;
  }

  /** Applies some of a batch and leaves their buckets' progress: that moves when the whole batch is dealt with. */
  async applyApart(arrivals: readonly Arrival[], signal: AbortSignal): Promise<void> {
    const { progress, eventsTopic } = this.#options;
    const partitions = new Map(arrivals.map(({ bucket, partition }) => [bucket, partition]));
    const updates = [...newestStates(arrivals, eventsTopic)].map(([bucket, states]) => ({
      partition: partitions.get(bucket) as number,
      update: this.#update(bucket, progress.expected(bucket), states),
    }));
    await this.#send(updates, signal);
  }

  /** Resolves where the store takes an update of the arrival's bucket that has no user in it. */
  async probe({ partition, bucket }: Arrival, signal: AbortSignal): Promise<void> {
    const progress = this.#options.progress.expected(bucket);
    await this.#send([{ partition, update: this.#update(bucket, progress, []) }], signal);
  }

  /**
   * Moves the progress of buckets without a user in the last batches, and checks that of all: so a loss is seen
   * even where nobody writes.
   *
   * @param done partition → the offset up to which it is applied
   */
  async touch(done: ReadonlyMap<number, number>, signal: AbortSignal): Promise<Set<number>> {
    const { progress } = this.#options;
    return await this.#send(
      [...done].flatMap(([partition, offset]) =>
        progress
          .buckets(partition)
          .map((bucket) => ({ partition, update: this.#update(bucket, offset, []) })),
      ),
      signal,
    );
  }

  #update(bucket: number, progress: number, states: BucketUpdate["states"]): BucketUpdate {
    return { bucket, expectedProgress: this.#options.progress.expected(bucket), progress, states };
  }

  async #send(updates: readonly PartitionUpdate[], signal: AbortSignal): Promise<Set<number>> {
    const { states, progress, known, patience, metrics } = this.#options;
    const behind = new Set<number>();
    if (updates.length === 0) return behind;
    const outcomes = await patience.outlast("redis", signal, () =>
      states.apply(updates.map(({ update }) => update)),
    );
    let asked = 0;
    let written = 0;
    updates.forEach(({ partition, update }, index) => {
      const outcome = outcomes[index];
      if (outcome?.kind !== "applied") {
        behind.add(partition);
        return;
      }
      progress.acknowledged(update.bucket, update.progress);
      known.acknowledged(update.states);
      asked += update.states.length;
      written += outcome.written;
    });
    metrics.states.inc({ outcome: "written" }, written);
    metrics.states.inc({ outcome: "skipped" }, asked - written);
    return behind;
  }
}

/** Arrivals that cannot win, as the batch or the worker knew. */
function notAskedAbout({ arrivals, reapplied, states }: SettledBatch): number {
  let notAsked = arrivals.length + reapplied.length;
  for (const asked of states.values()) notAsked -= asked.length;
  return notAsked;
}
