import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { FatalError, OffsetOutOfRangeError, unlessAborted, type PartitionEnds } from "@lastknown/shared";
import type { PartitionBatch } from "../arrivals/partition-batch.js";
import type { AssignmentOptions } from "./assignment-options.js";
import { observeBatches } from "./observe-batches.js";
import { PartitionStarts } from "./partition-starts.js";
import type { Positions } from "./positions.js";
import type { RecordQueue } from "./record-queue.js";
import { SchemaGate } from "./schema-gate.js";
import { goneError, shorterLogError } from "./starting-offsets.js";

/** Why an assignment's waits end: the partitions are ours no more. */
class AssignmentEndedError extends Error {
  override readonly name = "AssignmentEndedError";
}

/** Buckets of partitions without new records are touched so often: a loss in Redis is seen within that time. */
const IDLE_TOUCH_INTERVAL_MS = 1000;
/** How long a fetch may wait while other partitions are not started yet: the next one is the first that can name them. */
const STARTING_WAIT_MS_MAX = 100;
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
  readonly #positions: Positions;
  readonly #starts: PartitionStarts;
  readonly #gate: SchemaGate;
  readonly #ending = new AbortController();
  readonly #draining = new AbortController();
  readonly #hurrying = AbortSignal.any([this.#draining.signal, this.#ending.signal]);
  #touchedAtMs = 0;
  /** How long the last batches took, with all their effects. */
  #workMs = 0;
  #committedAtMs = performance.now();

  constructor(options: AssignmentOptions) {
    this.#options = options;
    // Each wait of a partition listens, and stops with it: a few per partition. Node takes more than ten for a leak.
    setMaxListeners(0, this.#ending.signal, this.#hurrying);
    const { knowledge, startingOffsets, rebuild } = options;
    this.#queue = knowledge.queue;
    this.#positions = knowledge.positions;
    this.#starts = new PartitionStarts({
      ...knowledge,
      startingOffsets,
      rebuild,
      signal: this.#hurrying,
      fail: (error) => this.#ending.abort(error),
    });
    this.#gate = new SchemaGate({
      ...options,
      hold: (partition, until) => {
        const goOn = options.holdups.begin([partition], "registry");
        this.#starts.hold(partition, (signal) => until(signal).finally(goOn));
      },
    });
  }

  get partitions(): readonly number[] {
    return this.#options.partitions;
  }

  get queueBytes(): number {
    return this.#queue.bytes;
  }

  get movedAtMs(): number {
    return this.#options.activity.movedAtMs;
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
    const silence = new AbortController();
    const speaking = this.#options.words.speak(AbortSignal.any([signal, silence.signal]));
    try {
      await this.#begin(signal);
      const fetching = this.#fetchUntilEnded(signal);
      await this.#workUntilEnded(signal);
      await fetching;
      await this.#starts.idle();
      signal.throwIfAborted();
    } catch (error) {
      if (!(error instanceof AssignmentEndedError)) throw error;
    } finally {
      silence.abort();
      await speaking;
    }
  }

  /** The partitions are ours no more: what is queued is dropped, and what is under way is not committed. */
  end(): void {
    this.#ending.abort(new AssignmentEndedError("the partitions are ours no more"));
  }

  /** Fetches no more; `run` settles when what was fetched is done and committed. */
  drain(): void {
    this.#draining.abort(new AssignmentEndedError("the worker is to stop"));
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { partitions, generation, verifyFleet, activity, logger } = this.#options;
    await verifyFleet(partitions, signal);
    await this.#starts.start(partitions, signal);
    activity.moved();
    logger.info("partitions assigned", { generation, offsets: Object.fromEntries(this.#positions.fetched) });
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

  /**
   * Requests cost much more than records: those of a trickle wait for each other, and share them. As long as the batches
   * before took, so that a worker with little to do waits little, and a busy one gathers what it cannot begin anyway.
   */
  async #linger(): Promise<void> {
    const lingerMs = Math.min(this.#workMs, this.#options.settings.lingerMs);
    if (lingerMs > 0) await sleep(lingerMs, undefined, { signal: this.#hurrying }).catch(() => undefined);
  }

  /** Gives how many records were queued. */
  async #fetch(signal: AbortSignal): Promise<number> {
    const { partitions, reader, eventsTopic, settings, patience } = this.#options;
    const offsets = this.#positions.fetched;
    const waitMsMax = offsets.size < partitions.length ? STARTING_WAIT_MS_MAX : Infinity;
    const limits = { bytesMax: settings.fetchBytesMax, waitMs: Math.min(settings.fetchWaitMs, waitMsMax) };
    if (offsets.size === 0) {
      await unlessAborted(signal, sleep(limits.waitMs));
      return 0;
    }
    try {
      const slices = await patience.outlast("kafka", signal, () =>
        reader.readMany(eventsTopic, offsets, limits),
      );
      let queued = 0;
      for (const [partition, { records, nextOffset, highWatermark }] of slices) {
        this.#positions.sawEnd(partition, highWatermark);
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
   * not lost. Where all that is gone was applied once, the partition starts again: the audit has it.
   */
  #passGap({ topic, partition, offset: from, start, end }: OffsetOutOfRangeError): void {
    const { settings, logger } = this.#options;
    if (from > end) throw shorterLogError({ topic, partition, end, last: from, reached: "fetched" });
    if (start <= this.#options.knowledge.settled.to(partition)) {
      if (this.#positions.stopFetching(partition, from)) this.#starts.restartLater(partition);
      return;
    }
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
      this.#starts.restartDue();
      if (!this.#queue.isEmpty) await this.#work(signal);
      if (this.#msUntilCommit() <= 0 || this.#options.attempts.isSuspicious) await this.#commit(signal);
    }
    await this.#commit(signal);
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { settings, attempts } = this.#options;
    await attempts.load(signal);
    // What may end the process must not take with it what is done. To commit may drop what is queued.
    if (this.#queue.some(attempts.runsApart)) await this.#commit(signal);
    const startedAtMs = performance.now();
    const limits = { recordsMax: settings.batchRecordsMax, bytesMax: settings.batchBytesMax };
    const taken = this.#queue.take(limits, attempts.runsApart);
    try {
      const batches = await this.#gate.pass(taken, signal);
      const behind = await attempts.run(batches, signal, () => this.#options.activity.moved());
      this.#workMs = performance.now() - startedAtMs;
      this.#markDone(batches, behind);
      observeBatches(batches, startedAtMs, this.#options.metrics);
      this.#starts.restart(behind);
    } catch (error) {
      if (error instanceof FatalError) await this.#commitBeforeEnd(signal);
      throw error;
    } finally {
      this.#queue.release();
    }
  }

  /**
   * The records that end this worker will end the next one too. What was done before them would be done again by each,
   * as dead letters alone move no progress, and the log would not move on.
   */
  async #commitBeforeEnd(signal: AbortSignal): Promise<void> {
    const { settings, logger } = this.#options;
    try {
      await this.#commit(AbortSignal.any([signal, AbortSignal.timeout(settings.redisDeadlineMs)]));
    } catch (error) {
      logger.warn("commit failed", { error });
    }
  }

  #markDone(batches: readonly PartitionBatch[], behind: ReadonlySet<number>): void {
    for (const { partition, nextOffset } of batches) {
      if (!behind.has(partition)) this.#positions.markDone(partition, nextOffset);
    }
    this.#options.activity.moved();
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
    const { states, knowledge } = this.#options;
    const healed = knowledge.healings.reached(this.#positions.done);
    const touched = isIdleTouchDue ? this.#positions.done : new Map([...advanced, ...healed]);
    const behind = await states.touch(touched, signal);
    for (const partition of behind) {
      advanced.delete(partition);
      touched.delete(partition);
    }
    for (const [partition, offset] of touched) knowledge.healings.applied(partition, offset);
    if (isIdleTouchDue) this.#touchedAtMs = nowMs;
    if (advanced.size > 0) await this.#commitOffsets(advanced, signal);
    this.#starts.restart(behind);
  }

  async #commitOffsets(offsets: ReadonlyMap<number, number>, signal: AbortSignal): Promise<void> {
    const { attempts, generation, metrics, logger } = this.#options;
    try {
      // One that is let go of is refused if it comes too late.
      const outcome = await unlessAborted(signal, attempts.commit(generation, offsets));
      metrics.commits.inc({ outcome });
      if (outcome !== "stale") this.#positions.markCommitted(offsets);
    } catch (error) {
      signal.throwIfAborted();
      // What is done stays done, and the next commit names it again.
      metrics.commits.inc({ outcome: "failed" });
      logger.warn("commit failed", { error });
    }
  }
}
