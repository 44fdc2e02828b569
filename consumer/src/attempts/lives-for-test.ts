import { KafkaUnavailableError, silentLogger, type LogRecord, type WorkerWord } from "@lastknown/shared";
import type { PartitionBatch } from "../arrivals/partition-batch.js";
import { RecordQueue } from "../assignment/record-queue.js";
import { Patience } from "../faults/patience.js";
import { MemoryCoordinator, MemoryWorkerGroup } from "../group/memory/memory-worker-group.js";
import type { WorkerGroup } from "../group/worker-group.js";
import { Attempts } from "./attempts.js";

export const FLEET_ID = "4b5b9cbd-6a6b-4a3e-9a3c-0a8e1a3b2c1d";
export const KILLS_MAX = 3;
const LIVES_MAX = 200;

/** A log, and what befalls those that work on it. What has a number is counted over all lives. */
export interface Log {
  /** By partition the offsets of its records, ascending; those between have none. */
  readonly offsets: readonly (readonly number[])[];
  readonly batchRecordsMax: number;
  /** How many records a batch gets at most, take by take, over and over. */
  readonly sizes: readonly number[];
  /** A worker commits after so many runs. */
  readonly runsPerCommit: number;
  /** `partition/offset` of the records that kill whoever takes them through the pipeline. */
  readonly killers: ReadonlySet<string>;
  /** Lives that an operator ends, by their number, after so many runs. */
  readonly operatorKills?: ReadonlyMap<number, number>;
  /** Steps of the pipeline, by their number, of which the store loses the first batch. */
  readonly losses?: ReadonlySet<number>;
  /** Commits, by their number, that are taken as the assignment ends, before it knows. */
  readonly lostAnswers?: ReadonlySet<number>;
  /** Commits, by their number, that come when the group has shared out anew. */
  readonly rebalances?: ReadonlySet<number>;
  /** Whether a word is said of every partition after each run. */
  readonly saysWords?: boolean;
  /** How far below the committed offset an assignment begins, life by life, over and over. */
  readonly reapplied?: readonly number[];
}

export function recordAt(offset: number): LogRecord {
  return { offset, appendedAtMs: 1000 + offset, key: null, value: null, headers: {} };
}

/** Workers one after the other on one log. Each works until it is killed, loses its partitions, or all is committed. */
export class Lives {
  readonly #log: Log;
  readonly coordinator: MemoryCoordinator;
  readonly applied = new Set<string>();
  readonly rejected = new Set<string>();
  count = 0;
  #takes = 0;
  #steps = 0;
  #commits = 0;

  constructor(log: Log) {
    this.#log = log;
    this.coordinator = new MemoryCoordinator(log.offsets.length);
  }

  async untilDone(livesMax = LIVES_MAX): Promise<void> {
    for (; this.count < livesMax && !this.isDone; this.count++) await this.#live(this.count);
  }

  get isDone(): boolean {
    return this.#log.offsets.every((_, partition) => this.committed(partition) === this.#end(partition));
  }

  committed(partition: number): number {
    return this.coordinator.committed.get(partition) ?? 0;
  }

  #end(partition: number): number {
    return (this.#log.offsets[partition]?.at(-1) ?? -1) + 1;
  }

  async #live(life: number): Promise<void> {
    const ending = new AbortController();
    const group = new MemoryWorkerGroup(this.coordinator);
    // Who was killed is no member any more, and cannot be heard.
    this.coordinator.forgetMembers();
    await group.join({ assigned: () => undefined, revoked: () => undefined, failed: () => undefined });
    let die: () => void = () => undefined;
    const death = new Promise<void>((resolve) => (die = resolve));
    const attempts = new Attempts({
      fleetId: FLEET_ID,
      generation: this.coordinator.generation,
      group: this.#faultyGroup(group, ending),
      settings: { killsMax: KILLS_MAX, batchRecordsMax: this.#log.batchRecordsMax },
      patience: new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger }),
      logger: silentLogger,
      pipeline: this.#pipeline(die),
    });
    const working = this.#work(attempts, life, ending.signal).catch((error: unknown) => {
      if (!ending.signal.aborted) throw error;
    });
    await Promise.race([working, death]);
  }

  /** As an assignment does. */
  async #work(attempts: Attempts, life: number, signal: AbortSignal): Promise<void> {
    const { batchRecordsMax, sizes, runsPerCommit, reapplied = [0] } = this.#log;
    const { generation } = this.coordinator;
    const queue = new RecordQueue(Infinity);
    const done = new Map<number, number>();
    const start = (partition: number, from: number): void => {
      queue.drop(partition);
      done.set(partition, from);
      const records = (this.#log.offsets[partition] ?? []).filter((offset) => offset >= from).map(recordAt);
      if (records.length > 0) queue.push(partition, records, this.#end(partition));
    };
    const commit = async (): Promise<void> => {
      const advanced = [...done].filter(([partition, offset]) => offset > this.committed(partition));
      if (advanced.length > 0) await attempts.commit(generation, new Map(advanced));
      signal.throwIfAborted();
    };
    const back = reapplied[life % reapplied.length] ?? 0;
    for (const partition of this.#log.offsets.keys())
      start(partition, Math.max(0, this.committed(partition) - back));
    for (let runs = 1; !this.isDone; runs++) {
      await attempts.load(signal);
      if (queue.some(attempts.runsApart)) await commit();
      const size = sizes[this.#takes++ % sizes.length] ?? batchRecordsMax;
      const limits = { recordsMax: Math.min(batchRecordsMax, size), bytesMax: Infinity };
      const batches = queue.take(limits, attempts.runsApart);
      const behind = await attempts.run(batches, signal);
      for (const { partition, nextOffset } of batches)
        if (behind.has(partition)) start(partition, this.committed(partition));
        else done.set(partition, nextOffset);
      if (this.#log.saysWords === true) await this.#sayWords(attempts);
      if (this.#log.operatorKills?.get(life) === runs) return;
      if (runs % runsPerCommit === 0 || attempts.isSuspicious || queue.isEmpty) await commit();
    }
  }

  /** What is not said is no matter. */
  async #sayWords(attempts: Attempts): Promise<void> {
    const word: WorkerWord = { on: "work", forMs: 1000, at: 0 };
    const words = new Map([...this.#log.offsets.keys()].map((partition) => [partition, word]));
    await attempts.say(words).catch(() => false);
  }

  #faultyGroup(group: MemoryWorkerGroup, ending: AbortController): WorkerGroup {
    const { lostAnswers, rebalances } = this.#log;
    return {
      join: (listener) => group.join(listener),
      committed: () => group.committed(),
      leave: () => group.leave(),
      commit: async (...commit) => {
        const number = ending.signal.aborted ? undefined : this.#commits++;
        const isRefused = number !== undefined && rebalances?.has(number) === true;
        const isLost = number !== undefined && lostAnswers?.has(number) === true;
        if (isRefused) this.coordinator.generation++;
        const outcome = await group.commit(...commit);
        if (isRefused || isLost) ending.abort(new Error("the partitions are ours no more"));
        if (isLost) throw new KafkaUnavailableError(["memory"], "commit");
        return outcome;
      },
    };
  }

  #pipeline(die: () => void) {
    return {
      run: async (batches: readonly PartitionBatch[]) => {
        const unsettled = batches.map((batch) => this.#withoutLetters(batch));
        if (placesOf(unsettled).some((place) => this.#log.killers.has(place))) {
          die();
          return await new Promise<never>(() => undefined);
        }
        return this.#keep(this.applied, unsettled);
      },
      reject: async (batch: PartitionBatch) =>
        await Promise.resolve(this.#keep(this.rejected, [this.#withoutLetters(batch)])),
    };
  }

  /** What is committed and has a dead letter does not come to the pipeline's steps again. */
  #withoutLetters({ partition, records, nextOffset }: PartitionBatch): PartitionBatch {
    const isSettled = ({ offset }: LogRecord): boolean =>
      offset < this.committed(partition) && this.rejected.has(`${partition}/${offset}`);
    return { partition, nextOffset, records: records.filter((record) => !isSettled(record)) };
  }

  /** Gives the partitions that the store is behind in. */
  #keep(into: Set<string>, batches: readonly PartitionBatch[]): Set<number> {
    const isLost = this.#log.losses?.has(this.#steps++) === true;
    for (const place of placesOf(isLost ? batches.slice(1) : batches)) into.add(place);
    return new Set(batches.slice(0, isLost ? 1 : 0).map(({ partition }) => partition));
  }
}

function placesOf(batches: readonly PartitionBatch[]): string[] {
  return batches.flatMap(({ partition, records }) => records.map(({ offset }) => `${partition}/${offset}`));
}
