import { setTimeout as sleep } from "node:timers/promises";
import { unlessAborted, withDeadline, type Logger, type WorkerSettings } from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import type { CommitOutcome, WorkerGroup } from "../group/worker-group.js";
import type { PartitionBatch } from "../pipeline/partition-batch.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { noteOfFleet, printCommitNote, type CommitNote } from "./commit-note.js";
import { nextNote } from "./next-note.js";
import { nextPart, type BatchPart } from "./next-part.js";
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
 * - Where the one before died without a commit, the batches of such a partition run apart from all others until one is
 *   committed, each noted before: so the next death tells the partition and the batch.
 * - Where `killsMax` in a row died so, the records from that batch on are run one at a time, each noted before.
 * - A record that was noted `killsMax` times is not run any more, but dead-lettered as `internal`.
 *
 * Only death counts, and only at what is at work: in all else the note is as before, or further on.
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

  /** Whether a batch of the partition may end the process, and is to run with no other. Known once loaded. */
  readonly runsApart = (partition: number): boolean => this.#partitions?.get(partition)?.isSuspected ?? false;

  /** Loads what the assignments before have noted; once. */
  async load(signal: AbortSignal): Promise<void> {
    this.#partitions ??= await this.#load(signal);
  }

  /** As Pipeline.run. `moved` is called whenever a part of a batch that runs apart is done. */
  async run(
    batches: readonly PartitionBatch[],
    signal: AbortSignal,
    moved: () => void = () => undefined,
  ): Promise<Set<number>> {
    await this.load(signal);
    for (const { partition, records } of batches) this.#of(partition).committed ??= records[0]?.offset;
    const together = batches.filter(({ partition }) => !this.runsApart(partition));
    const apart = batches.filter(({ partition }) => this.runsApart(partition));
    const behind = await this.#runTogether(together, signal);
    for (const batch of apart) addAll(behind, await this.#runApart(batch, signal, moved));
    return behind;
  }

  /** As WorkerGroup.commit, with the notes. */
  async commit(generation: number, offsets: ReadonlyMap<number, number>): Promise<CommitOutcome> {
    const notes = new Map<number, string>();
    for (const [partition, offset] of offsets) {
      const attempts = this.#of(partition);
      attempts.committed = offset;
      attempts.happened({ kind: "committed", to: offset });
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

  /** Those that are the assignment's first of their partition are noted: until its first commit, whatever comes. */
  async #runTogether(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<Set<number>> {
    if (batches.length === 0) return new Set();
    const first = batches.filter(
      ({ partition, records }) => records.length > 0 && !this.#of(partition).hasBegun,
    );
    const work = () => this.#options.pipeline.run(batches, signal);
    const behind = await this.#underNote(first, begun, signal, work);
    for (const { partition } of first) this.#of(partition).hasBegun = !behind.has(partition);
    return behind;
  }

  /** Part by part, each with a note of its own before. Afterwards no note says that one is at work. */
  async #runApart(batch: PartitionBatch, signal: AbortSignal, moved: () => void): Promise<Set<number>> {
    const { killsMax } = this.#options.settings;
    const attempts = this.#of(batch.partition);
    this.#take(batch);
    for (let rest = batch; rest.records.length > 0;) {
      const part = nextPart(rest, attempts.note, killsMax);
      const behind = await this.#runPart(part, signal);
      // What comes next must not be done before what was lost is done again.
      if (behind.size > 0) return behind;
      attempts.happened({ kind: "passed", to: part.batch.nextOffset });
      moved();
      rest = part.rest;
    }
    // Else a later death, in another partition, would count as the last part's.
    return await this.#underNote(
      [batch],
      (note) => note,
      signal,
      () => Promise.resolve(new Set()),
    );
  }

  #take({ partition, records }: PartitionBatch): void {
    const { settings, logger } = this.#options;
    const attempts = this.#of(partition);
    const from = records[0]?.offset;
    if (from === undefined) return;
    const { trying: before } = attempts.note;
    attempts.happened({ kind: "taken", at: from, ...settings });
    this.#suspiciousUntilMs = performance.now() + SUSPICION_MS;
    const { trying, begun: died } = attempts.note;
    const isTold = attempts.isToldOf && trying?.until === before?.until;
    attempts.isToldOf = true;
    if (isTold) return;
    if (trying !== undefined) logger.error("records are run one at a time", { partition, from, ...trying });
    else
      logger.warn("an assignment died where this one begins", { partition, from, deaths: died?.times ?? 0 });
  }

  async #runPart({ kind, batch }: BatchPart, signal: AbortSignal): Promise<Set<number>> {
    const { pipeline, settings } = this.#options;
    const work = () => pipeline.run([batch], signal);
    if (kind === "together") return await this.#underNote([batch], begun, signal, work);
    if (kind === "tried") return await this.#underNote([batch], tried, signal, work);
    if (kind === "guilty") {
      this.#of(batch.partition).happened({ kind: "condemned", offset: offsetOf(batch) });
      await this.#note([batch], signal);
    }
    const error = `the record ended the worker's process ${settings.killsMax} times`;
    return await pipeline.reject(batch, error, signal);
  }

  /**
   * Notes what begins, and works: a death meanwhile counts by that note. Afterwards the process lives, and the note is
   * as before. In the group it is taken back at once for what was given up or has to be done again; after a success
   * whatever is noted next does it. The same as soon as the work waits for a server: whoever ends a process that waits
   * does so for no record.
   */
  async #underNote(
    batches: readonly PartitionBatch[],
    noteOf: (note: CommitNote, batch: PartitionBatch) => CommitNote,
    signal: AbortSignal,
    work: () => Promise<Set<number>>,
  ): Promise<Set<number>> {
    const before = batches.map((batch) => ({ batch, note: this.#of(batch.partition).note }));
    const restore = (): void => {
      for (const { batch, note } of before) this.#of(batch.partition).note = note;
    };
    let givenUp = new Set(batches.map(({ partition }) => partition));
    try {
      for (const { batch, note } of before) this.#of(batch.partition).note = noteOf(note, batch);
      await this.#note(batches, signal);
      givenUp = await this.#takingBackAtWait(batches, restore, work);
      return givenUp;
    } finally {
      restore();
      await this.#takeBack(batches.filter(({ partition }) => givenUp.has(partition)));
    }
  }

  async #takingBackAtWait<Answer>(
    batches: readonly PartitionBatch[],
    restore: () => void,
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    let takingBack: Promise<void> | undefined;
    const stopListening = this.#options.patience.onWait(() => {
      // The coordinator may serve where the leader of a partition does not; where it is away too, this is given up.
      if (takingBack !== undefined) return;
      restore();
      takingBack = this.#takeBack(batches);
    });
    try {
      return await work();
    } finally {
      stopListening();
      await takingBack;
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
    return printCommitNote({ ...attempts.note, fleet: this.#options.fleetId });
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

function begun(note: CommitNote, batch: PartitionBatch): CommitNote {
  return nextNote(note, { kind: "begun", at: offsetOf(batch) });
}

function tried(note: CommitNote, batch: PartitionBatch): CommitNote {
  return nextNote(note, { kind: "tried", offset: offsetOf(batch) });
}

/** Of the first record. */
function offsetOf({ records, nextOffset }: PartitionBatch): number {
  return records[0]?.offset ?? nextOffset;
}

function addAll<Element>(into: Set<Element>, elements: ReadonlySet<Element>): void {
  for (const element of elements) into.add(element);
}
