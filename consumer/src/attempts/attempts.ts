import { setTimeout as sleep } from "node:timers/promises";
import { unlessAborted, withDeadline, type Logger, type WorkerSettings } from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import type { CommitOutcome, WorkerGroup } from "../group/worker-group.js";
import type { PartitionBatch } from "../pipeline/partition-batch.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { noteOfFleet, printCommitNote } from "./commit-note.js";
import { isolatedParts, type IsolatedPart } from "./isolated-parts.js";
import { PartitionAttempts } from "./partition-attempts.js";

export interface AttemptsOptions {
  readonly fleetId: string;
  readonly generation: number;
  readonly group: WorkerGroup;
  readonly pipeline: Pick<Pipeline, "run" | "reject">;
  readonly settings: Pick<WorkerSettings, "killsMax" | "batchRecordsMax">;
  readonly patience: Patience;
  readonly logger: Logger;
}

/** Until the group tells us of the rebalance for which the coordinator refuses a note. */
const STALE_PAUSE_MS = 200;
/** A note that a record was given up, not killed by, is not worth more. */
const TAKE_BACK_DEADLINE_MS = 2000;
/** For so long commits follow each batch after a death: those that come later are no part of what died. */
const SUSPICION_MS = 30_000;

/**
 * Takes the batches of one assignment through the pipeline, and sees to it that a record which ends its process (a
 * crash of native code, all memory eaten) does not do so for ever. Nothing can be caught then, so the count is kept
 * outside the process, in the notes beside the committed offsets:
 *
 * - Before its first batch of a partition an assignment notes that it begins there. Its first commit takes that away,
 *   so only the fleet's id is noted while all goes well.
 * - Where the one before died without a commit, the first batches of such partitions are run one partition after the
 *   other, and a commit follows each batch: so the next death tells the partition and the batch.
 * - Where `killsMax` in a row died at one batch, its records are run one at a time, each noted before.
 * - A record that was noted `killsMax` times is not run any more, but dead-lettered as `internal`.
 *
 * Only death counts: what is given up in an orderly way is noted as not tried.
 */
export class Attempts {
  readonly #options: AttemptsOptions;
  /** Undefined until the first batch. */
  #partitions: Map<number, PartitionAttempts> | undefined;
  #suspiciousUntilMs = 0;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** Whether a commit should follow each batch. */
  get isSuspicious(): boolean {
    return performance.now() < this.#suspiciousUntilMs;
  }

  /** As Pipeline.run. */
  async run(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<Set<number>> {
    this.#partitions ??= await this.#load(signal);
    const usual: PartitionBatch[] = [];
    const first: PartitionBatch[] = [];
    const suspicious: PartitionBatch[] = [];
    const isolated: PartitionBatch[] = [];
    for (const batch of batches) {
      const isFirst = this.#begin(batch);
      const { isIsolated, deaths } = this.#of(batch.partition);
      if (isIsolated) isolated.push(batch);
      else if (isFirst && deaths > 0) suspicious.push(batch);
      else (isFirst ? first : usual).push(batch);
    }
    const behind = await this.#runFirst(first, usual, signal);
    for (const batch of suspicious) addAll(behind, await this.#runSuspicious(batch, signal));
    for (const batch of isolated) addAll(behind, await this.#runIsolated(batch, signal));
    return behind;
  }

  /** As WorkerGroup.commit, with the notes. */
  async commit(generation: number, offsets: ReadonlyMap<number, number>): Promise<CommitOutcome> {
    const notes = new Map<number, string>();
    for (const [partition, offset] of offsets) {
      const attempts = this.#of(partition);
      attempts.advance(offset);
      notes.set(partition, this.#noteOf(attempts));
    }
    return await this.#options.group.commit(generation, offsets, notes);
  }

  async #load(signal: AbortSignal): Promise<Map<number, PartitionAttempts>> {
    const { fleetId, group, patience } = this.#options;
    const committed = await patience.outlast("kafka", signal, () => group.committed());
    return new Map(
      [...committed].map(([partition, { offset, note }]) => {
        const ours = noteOfFleet(fleetId, note);
        // With our note beside it, somebody else's offset would be taken for ours.
        return [partition, new PartitionAttempts(ours === undefined ? undefined : offset, ours ?? {})];
      }),
    );
  }

  #of(partition: number): PartitionAttempts {
    let attempts = this.#partitions?.get(partition);
    if (attempts === undefined) {
      attempts = new PartitionAttempts(undefined, {});
      // Before the first batch nothing is kept: what stands in the group is loaded then.
      this.#partitions?.set(partition, attempts);
    }
    return attempts;
  }

  /** Gives whether the batch is the assignment's first of its partition. */
  #begin({ partition, records }: PartitionBatch): boolean {
    const { settings, logger } = this.#options;
    const attempts = this.#of(partition);
    const from = records[0]?.offset;
    if (attempts.hasBegun || from === undefined) return false;
    attempts.begin(from, settings);
    const { trying, deaths } = attempts;
    if (trying !== undefined) logger.error("records are run one at a time", { partition, from, ...trying });
    else if (deaths > 0) logger.warn("an assignment died where this one begins", { partition, from, deaths });
    if (trying !== undefined || deaths > 0) this.#suspiciousUntilMs = performance.now() + SUSPICION_MS;
    return true;
  }

  /** With those of partitions that have begun before. */
  async #runFirst(
    first: readonly PartitionBatch[],
    usual: readonly PartitionBatch[],
    signal: AbortSignal,
  ): Promise<Set<number>> {
    const together = [...first, ...usual];
    if (together.length === 0) return new Set();
    await this.#note(first, signal);
    try {
      return await this.#options.pipeline.run(together, signal);
    } catch (error) {
      for (const { partition } of first) this.#of(partition).giveUp();
      await this.#takeBack(first);
      throw error;
    }
  }

  /** Alone, and noted as survived before another one begins. */
  async #runSuspicious(batch: PartitionBatch, signal: AbortSignal): Promise<Set<number>> {
    const behind = await this.#runFirst([batch], [], signal);
    this.#of(batch.partition).survive();
    await this.#note([batch], signal);
    return behind;
  }

  async #runIsolated(batch: PartitionBatch, signal: AbortSignal): Promise<Set<number>> {
    const attempts = this.#of(batch.partition);
    for (const part of isolatedParts(batch, attempts)) {
      const behind = await this.#runPart(part, attempts, signal);
      // What comes next must not be done before what was lost is done again.
      if (behind.size > 0) return behind;
    }
    // Else a later death, in another partition, would count as the last record's.
    attempts.pass(batch.nextOffset);
    await this.#note([batch], signal);
    return new Set();
  }

  async #runPart(
    { kind, batch }: IsolatedPart,
    attempts: PartitionAttempts,
    signal: AbortSignal,
  ): Promise<Set<number>> {
    const { pipeline, settings } = this.#options;
    const offset = batch.records[0]?.offset;
    if (kind === "usual" || offset === undefined) return await pipeline.run([batch], signal);
    const times = attempts.timesTried(offset);
    if (kind === "tried" && times < settings.killsMax) {
      return await this.#tryRecord(batch, { attempts, offset, times: times + 1 }, signal);
    }
    if (kind === "tried") attempts.condemn(offset);
    const error = `the record ended the worker's process ${settings.killsMax} times`;
    return await pipeline.reject(batch, error, signal);
  }

  async #tryRecord(
    batch: PartitionBatch,
    { attempts, offset, times }: { attempts: PartitionAttempts; offset: number; times: number },
    signal: AbortSignal,
  ): Promise<Set<number>> {
    attempts.try(offset, times);
    await this.#note([batch], signal);
    try {
      return await this.#options.pipeline.run([batch], signal);
    } catch (error) {
      attempts.try(offset, times - 1);
      await this.#takeBack([batch]);
      throw error;
    }
  }

  /** Resolves when the notes stand: what was not noted must not run. */
  async #note(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<void> {
    if (batches.length === 0) return;
    const { patience } = this.#options;
    // It ends with the assignment at the latest, which a coordinator that refuses us has ended.
    while ((await patience.outlast("kafka", signal, () => this.#commitNotes(batches))) === "stale") {
      await unlessAborted(signal, sleep(STALE_PAUSE_MS));
    }
  }

  async #commitNotes(batches: readonly PartitionBatch[]): Promise<CommitOutcome> {
    const { group, generation } = this.#options;
    const offsets = new Map<number, number>();
    const notes = new Map<number, string>();
    for (const { partition } of batches) {
      const attempts = this.#of(partition);
      if (attempts.committed === undefined) throw new Error(`partition ${partition} was not begun`);
      offsets.set(partition, attempts.committed);
      notes.set(partition, this.#noteOf(attempts));
    }
    return await group.commit(generation, offsets, notes);
  }

  #noteOf(attempts: PartitionAttempts): string {
    return printCommitNote({ fleet: this.#options.fleetId, ...attempts.note });
  }

  /** The process lives, so it was not ended. Where that cannot be noted, it counts as if it had been. */
  async #takeBack(batches: readonly PartitionBatch[]): Promise<void> {
    if (batches.length === 0) return;
    const { logger } = this.#options;
    const partitions = batches.map(({ partition }) => partition);
    try {
      const noted = this.#commitNotes(batches);
      const outcome = await withDeadline(TAKE_BACK_DEADLINE_MS, noted, () => "stale" as const);
      if (outcome === "stale") logger.warn("what was given up counts as tried", { partitions });
    } catch (error) {
      logger.warn("what was given up counts as tried", { partitions, error });
    }
  }
}

function addAll<Element>(into: Set<Element>, elements: ReadonlySet<Element>): void {
  for (const element of elements) into.add(element);
}
