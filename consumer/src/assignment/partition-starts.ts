import type { KnownOrders } from "../arrivals/known-orders.js";
import type { BucketProgress } from "../settled/bucket-progress.js";
import type { SettledRecords } from "../settled/settled-records.js";
import type { Healings } from "./healings.js";
import type { Positions } from "./positions.js";
import type { RecordQueue } from "./record-queue.js";
import type { PartitionStart } from "./starting-offsets.js";

/** What an assignment's parts know of its partitions. */
export interface PartitionKnowledge {
  readonly positions: Positions;
  readonly queue: RecordQueue;
  readonly progress: BucketProgress;
  readonly settled: SettledRecords;
  readonly healings: Healings;
  readonly known: Pick<KnownOrders, "forget">;
}

export interface PartitionStartsOptions extends PartitionKnowledge {
  readonly startingOffsets: (
    partitions: readonly number[],
    signal: AbortSignal,
  ) => Promise<readonly PartitionStart[]>;
  /** Rebuilds buckets from the audit. False where the store has lost some of it meanwhile. */
  readonly rebuild: (start: PartitionStart, signal: AbortSignal) => Promise<boolean>;
  /** Ends what goes on in the background. */
  readonly signal: AbortSignal;
  /** Told of what the assignment cannot go on from. */
  readonly fail: (error: unknown) => void;
}

/**
 * Starts the assignment's partitions, and starts those again of which Redis has lost something. A partition that has
 * not started is neither fetched nor worked on nor committed, so the others go on while one is rebuilt for long.
 */
export class PartitionStarts {
  readonly #options: PartitionStartsOptions;
  readonly #underWay = new Set<Promise<void>>();
  /** Partitions of which nothing is fetched, until they are started again between two batches. */
  readonly #due = new Set<number>();
  /** One rebuild at a time, so that the memory for it is bounded. */
  #lastRebuild: Promise<void> = Promise.resolve();

  constructor(options: PartitionStartsOptions) {
    this.#options = options;
  }

  /** Resolves when all have started, but those that have to be rebuilt first: these start by themselves. */
  async start(partitions: readonly number[], signal: AbortSignal): Promise<void> {
    const { startingOffsets, healings } = this.#options;
    for (const start of await startingOffsets(partitions, signal)) {
      healings.begin(start);
      if (start.rebuild.length === 0) this.#startAt(start);
      else this.#rebuildInTurn(start);
    }
  }

  /** Stops the partitions at once. They start again by themselves. Between two batches, as for `restartLater`. */
  restart(partitions: Iterable<number>): void {
    const { positions, queue, known, signal } = this.#options;
    const stopped = [...partitions];
    if (stopped.length === 0) return;
    known.forget();
    for (const partition of stopped) {
      positions.stop(partition);
      queue.drop(partition);
    }
    this.#inBackground(this.start(stopped, signal));
  }

  /** To be followed by `restartDue` between two batches: one under way would count as done for what starts again. */
  restartLater(partition: number): void {
    this.#due.add(partition);
  }

  /** Fetches no more of the partition before then. What it has done stays done, and is looked after. */
  hold(partition: number, until: (signal: AbortSignal) => Promise<void>): void {
    const { positions, queue, signal } = this.#options;
    positions.pause(partition);
    queue.drop(partition);
    this.#inBackground(until(signal).then(() => this.restartLater(partition)));
  }

  restartDue(): void {
    const due = [...this.#due].filter((partition) => this.#options.positions.isPaused(partition));
    this.#due.clear();
    this.restart(due);
  }

  /** Resolves when nothing goes on in the background. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Without any pause in it, as a fetch may end at each. */
  #startAt({ partition, offset, committed, stored, settledTo, isByAudit, letters }: PartitionStart): void {
    const { positions, queue, progress, settled } = this.#options;
    settled.start(partition, settledTo, letters, isByAudit);
    // What is stored beyond the start will be applied again, and is not expected before that.
    for (const [bucket, has] of stored) progress.acknowledged(bucket, Math.min(has, offset));
    // The start itself is no news to the group: to commit it would wipe out the count of deaths that stands beside it.
    positions.start(partition, { offset, committed });
    queue.drop(partition);
  }

  #rebuildInTurn(start: PartitionStart): void {
    this.#lastRebuild = this.#lastRebuild.then(() => this.#rebuild(start));
    this.#inBackground(this.#lastRebuild);
  }

  async #rebuild(start: PartitionStart): Promise<void> {
    const { rebuild, settled, signal } = this.#options;
    const { partition, settledTo } = start;
    signal.throwIfAborted();
    if (await rebuild(start, signal)) settled.rebuilt(partition, settledTo);
    // Looks at all buckets again: some may have been lost since.
    this.#inBackground(this.start([partition], signal));
  }

  #inBackground(work: Promise<void>): void {
    const { signal, fail } = this.#options;
    const underWay = work
      .catch((error: unknown) => {
        if (!signal.aborted) fail(error);
      })
      .finally(() => this.#underWay.delete(underWay));
    this.#underWay.add(underWay);
  }
}
