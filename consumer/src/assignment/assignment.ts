import { setTimeout as sleep } from "node:timers/promises";
import {
  OffsetOutOfRangeError,
  type Logger,
  type LogReader,
  type PartitionEnds,
  type WorkerSettings,
} from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import type { WorkerGroup } from "../group/worker-group.js";
import type { StateApplier } from "../pipeline/apply-states.js";
import type { PartitionBatch } from "../pipeline/partition-batch.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { WorkerMetrics } from "../worker-metrics.js";
import { Positions } from "./positions.js";
import { RecordQueue } from "./record-queue.js";
import { goneError, shorterLogError } from "./starting-offsets.js";

export interface AssignmentOptions {
  readonly generation: number;
  readonly partitions: readonly number[];
  readonly eventsTopic: string;
  readonly settings: WorkerSettings;
  readonly reader: LogReader;
  readonly group: Pick<WorkerGroup, "commit">;
  readonly pipeline: Pick<Pipeline, "run">;
  /** Whether a commit is to follow each batch now. */
  readonly commitsEachBatch: () => boolean;
  readonly states: StateApplier;
  /** Rejects where the stores are not those of the fleet. */
  readonly verifyFleet: (partitions: readonly number[], signal: AbortSignal) => Promise<void>;
  readonly startingOffsets: (
    partitions: readonly number[],
    signal: AbortSignal,
  ) => Promise<Map<number, number>>;
  readonly patience: Patience;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** Why an assignment's waits end: the partitions are ours no more. */
class AssignmentEndedError extends Error {
  override readonly name = "AssignmentEndedError";
}

/** Buckets of partitions without new records are touched so often: a loss in Redis is seen within that time. */
const IDLE_TOUCH_INTERVAL_MS = 1000;
/** A fetch of so many records is worth a request of its own. */
const LINGER_RECORDS_MAX = 100;

/**
 * The time in which partitions are ours, from one rebalance to the next.
 *
 * Two loops run side by side: one fetches into a bounded queue, one takes batches from it through the pipeline
 * and commits. Done are only batches whose every effect is acknowledged, and only what is done is committed, so
 * what an assignment leaves behind unfinished is worked on again by whoever has the partition next.
 */
export class Assignment {
  readonly #options: AssignmentOptions;
  readonly #queue: RecordQueue;
  readonly #positions = new Positions();
  readonly #ending = new AbortController();
  readonly #draining = new AbortController();
  readonly #hurrying = AbortSignal.any([this.#draining.signal, this.#ending.signal]);
  #movedAtMs = performance.now();
  #touchedAtMs = 0;
  #committedAtMs = performance.now();

  constructor(options: AssignmentOptions) {
    this.#options = options;
    this.#queue = new RecordQueue(options.settings.queueBytesMax);
  }

  get partitions(): readonly number[] {
    return this.#options.partitions;
  }

  get queueBytes(): number {
    return this.#queue.bytes;
  }

  get movedAtMs(): number {
    return this.#movedAtMs;
  }

  get hasWork(): boolean {
    return this.#queue.bytes > 0 || !this.#queue.isEmpty;
  }

  lacks(ends: ReadonlyMap<number, PartitionEnds>): boolean {
    return this.#positions.lack(ends, this.#options.partitions);
  }

  /** Settles when the partitions are given up, or drained. Rejects with what the worker cannot go on from. */
  async run(): Promise<void> {
    const { signal } = this.#ending;
    try {
      await this.#begin(signal);
      const fetching = this.#fetchUntilEnded(signal);
      await this.#workUntilEnded(signal);
      await fetching;
      signal.throwIfAborted();
    } catch (error) {
      if (!(error instanceof AssignmentEndedError)) throw error;
    }
  }

  /** The partitions are ours no more: what is queued is dropped, and what is under way is not committed. */
  end(): void {
    this.#ending.abort(new AssignmentEndedError("the partitions are ours no more"));
  }

  /** Fetches no more; `run` settles when what was fetched is done and committed. */
  drain(): void {
    this.#draining.abort();
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { partitions, generation, verifyFleet, logger } = this.#options;
    await verifyFleet(partitions, signal);
    await this.#startPartitions(partitions, signal);
    this.#movedAtMs = performance.now();
    logger.info("partitions assigned", { generation, offsets: Object.fromEntries(this.#positions.fetched) });
  }

  async #startPartitions(partitions: readonly number[], signal: AbortSignal): Promise<void> {
    for (const [partition, offset] of await this.#options.startingOffsets(partitions, signal)) {
      this.#positions.start(partition, offset);
    }
  }

  /** Never rejects: what it cannot go on from ends the assignment, and `run` rejects with it. */
  async #fetchUntilEnded(signal: AbortSignal): Promise<void> {
    try {
      while (!this.#isDraining && this.#options.partitions.length > 0) {
        await this.#queue.room(signal);
        const fetched = await this.#fetch(signal);
        if (fetched > 0 && fetched < LINGER_RECORDS_MAX) await this.#linger();
      }
    } catch (error) {
      // The other loop must not wait for records that never come.
      this.#ending.abort(error);
    }
  }

  /** Requests cost much more than records: those of a trickle wait for each other a little, and share them. */
  async #linger(): Promise<void> {
    const { lingerMs } = this.#options.settings;
    if (lingerMs > 0) await sleep(lingerMs, undefined, { signal: this.#hurrying }).catch(() => undefined);
  }

  /** Gives how many records were queued. */
  async #fetch(signal: AbortSignal): Promise<number> {
    const { reader, eventsTopic, settings, patience } = this.#options;
    const offsets = this.#positions.fetched;
    const limits = { bytesMax: settings.fetchBytesMax, waitMs: settings.fetchWaitMs };
    try {
      const slices = await patience.outlast("kafka", signal, () =>
        reader.readMany(eventsTopic, offsets, limits),
      );
      let queued = 0;
      for (const [partition, { records, nextOffset }] of slices) {
        const from = offsets.get(partition);
        if (nextOffset === from) continue;
        // A partition that is applied again from an earlier offset was moved meanwhile.
        if (!this.#positions.advanceFetched(partition, from, nextOffset)) continue;
        this.#queue.push(partition, records, nextOffset);
        queued += records.length;
      }
      return queued;
    } catch (error) {
      if (!(error instanceof OffsetOutOfRangeError)) throw error;
      this.#passGap(error);
      return 0;
    }
  }

  /**
   * Goes on at the log's first record where that is accepted. What was fetched before the gap is still queued, and is
   * not lost.
   */
  #passGap({ topic, partition, offset: from, start, end }: OffsetOutOfRangeError): void {
    const { settings, logger } = this.#options;
    if (from > end) throw shorterLogError({ topic, partition, end, last: from, reached: "fetched" });
    const gone = start - from;
    if (!settings.acceptLoss) throw goneError({ topic, partition, from, gone });
    if (!this.#positions.advanceFetched(partition, from, start)) return;
    this.#queue.push(partition, [], start);
    logger.error("records are gone", { partition, from, gone });
  }

  async #workUntilEnded(signal: AbortSignal): Promise<void> {
    while (!this.#isDraining || !this.#queue.isEmpty) {
      await this.#queue.work(this.#msUntilCommit(), signal);
      signal.throwIfAborted();
      if (!this.#queue.isEmpty) await this.#work(signal);
      if (this.#msUntilCommit() <= 0 || this.#options.commitsEachBatch()) await this.#commit(signal);
    }
    await this.#commit(signal);
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { settings, pipeline } = this.#options;
    const startedAtMs = performance.now();
    const batches = this.#queue.take({
      recordsMax: settings.batchRecordsMax,
      bytesMax: settings.batchBytesMax,
    });
    try {
      const behind = await pipeline.run(batches, signal);
      this.#markDone(batches, behind);
      this.#observe(batches, startedAtMs);
      await this.#heal(behind, signal);
    } finally {
      this.#queue.release();
    }
  }

  #markDone(batches: readonly PartitionBatch[], behind: ReadonlySet<number>): void {
    for (const { partition, nextOffset } of batches) {
      if (!behind.has(partition)) this.#positions.markDone(partition, nextOffset);
    }
    this.#movedAtMs = performance.now();
  }

  #observe(batches: readonly PartitionBatch[], startedAtMs: number): void {
    const { metrics } = this.#options;
    const seconds = (performance.now() - startedAtMs) / 1000;
    const nowMs = Date.now();
    const count = batches.reduce((sum, { records }) => sum + records.length, 0);
    if (count === 0) return;
    metrics.records.inc(count);
    metrics.batchSeconds.observe(seconds);
    for (const { records } of batches) {
      for (const { appendedAtMs } of records) {
        metrics.freshnessSeconds.observe(Math.max(0, nowMs - appendedAtMs) / 1000);
        // One observation per record, so that large batches weigh in the percentiles as much as they hold.
        metrics.recordSeconds.observe(seconds / count);
      }
    }
  }

  /** Redis has lost what it had acknowledged: the partitions are applied again from the least that is stored. */
  async #heal(behind: ReadonlySet<number>, signal: AbortSignal): Promise<void> {
    if (behind.size === 0) return;
    const { metrics, logger } = this.#options;
    for (const partition of behind) this.#queue.drop(partition);
    const before = this.#doneIn(behind);
    await this.#startPartitions([...behind], signal);
    // A fetch under way has seen the old offsets, so nothing of it was queued meanwhile but what is dropped here.
    for (const partition of behind) this.#queue.drop(partition);
    metrics.healings.inc(behind.size);
    logger.warn("redis has lost states, partitions are applied again", {
      before,
      from: this.#doneIn(behind),
    });
  }

  #doneIn(partitions: ReadonlySet<number>): Record<number, number> {
    return Object.fromEntries([...this.#positions.done].filter(([partition]) => partitions.has(partition)));
  }

  get #isDraining(): boolean {
    return this.#draining.signal.aborted;
  }

  #msUntilCommit(): number {
    return this.#committedAtMs + this.#options.settings.commitIntervalMs - performance.now();
  }

  /**
   * Brings every bucket's progress up to what is done, and only then commits it: a batch moves that of its users'
   * buckets alone, and no bucket may seem to have less than what was committed.
   */
  async #commit(signal: AbortSignal): Promise<void> {
    const advanced = this.#positions.uncommitted;
    const nowMs = performance.now();
    this.#committedAtMs = nowMs;
    const isIdleTouchDue = nowMs - this.#touchedAtMs >= IDLE_TOUCH_INTERVAL_MS;
    const behind = await this.#options.states.touch(isIdleTouchDue ? this.#positions.done : advanced, signal);
    for (const partition of behind) advanced.delete(partition);
    if (isIdleTouchDue) this.#touchedAtMs = nowMs;
    if (advanced.size > 0) await this.#commitOffsets(advanced);
    await this.#heal(behind, signal);
  }

  async #commitOffsets(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { group, generation, metrics, logger } = this.#options;
    try {
      const outcome = await group.commit(generation, offsets);
      metrics.commits.inc({ outcome });
      if (outcome !== "stale") this.#positions.markCommitted(offsets);
    } catch (error) {
      // What is done stays done, and the next commit names it again.
      metrics.commits.inc({ outcome: "failed" });
      logger.warn("commit failed", { error });
    }
  }
}
