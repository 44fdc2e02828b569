import type { CommitNote, WorkerSettings, WorkerWord } from "@lastknown/shared";
import type { PartitionBatch } from "../arrivals/partition-batch.js";
import type { CommitOutcome } from "../group/worker-group.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { nextNote } from "./next-note.js";
import { nextPart, type BatchPart } from "./next-part.js";
import { PartitionNotes, type PartitionNotesOptions } from "./partition-notes.js";

export interface AttemptsOptions extends PartitionNotesOptions {
  readonly pipeline: Pick<Pipeline, "run" | "reject">;
  readonly settings: Pick<WorkerSettings, "killsMax" | "batchRecordsMax">;
}

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
  readonly #notes: PartitionNotes;
  #suspiciousUntilMs = 0;

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#notes = new PartitionNotes(options);
  }

  /** Whether a commit should follow each batch. */
  get isSuspicious(): boolean {
    return performance.now() < this.#suspiciousUntilMs;
  }

  /** Whether a batch of the partition may end the process, and is to run with no other. Known once loaded. */
  readonly runsApart = (partition: number): boolean => this.#notes.known(partition)?.isSuspected ?? false;

  /** Loads what the assignments before have noted; once. */
  async load(signal: AbortSignal): Promise<void> {
    await this.#notes.load(signal);
  }

  /** What is committed of a partition, or about to be; undefined where that is nothing, or not loaded yet. */
  committed(partition: number): number | undefined {
    return this.#notes.known(partition)?.committed;
  }

  /** Takes an offset for the standing one of a partition that has none: what the work of it will begin at. */
  beginAt(partition: number, offset: number): void {
    this.#notes.of(partition).committed ??= offset;
  }

  /** Says beside the standing offsets why nothing is committed, or takes that back. See PartitionNotes. */
  async say(words: ReadonlyMap<number, WorkerWord | undefined>): Promise<boolean> {
    return await this.#notes.say(words);
  }

  /** As Pipeline.run. `moved` is called whenever a part of a batch that runs apart is done. */
  async run(
    batches: readonly PartitionBatch[],
    signal: AbortSignal,
    moved: () => void = () => undefined,
  ): Promise<Set<number>> {
    await this.load(signal);
    for (const { partition, records } of batches) this.#notes.of(partition).committed ??= records[0]?.offset;
    const together = batches.filter(({ partition }) => !this.runsApart(partition));
    const apart = batches.filter(({ partition }) => this.runsApart(partition));
    const behind = await this.#runTogether(together, signal);
    for (const batch of apart) addAll(behind, await this.#runApart(batch, signal, moved));
    return behind;
  }

  /** As WorkerGroup.commit, with the notes. */
  async commit(generation: number, offsets: ReadonlyMap<number, number>): Promise<CommitOutcome> {
    return await this.#notes.commit(generation, offsets);
  }

  /** Those that are the assignment's first of their partition are noted: until its first commit, whatever comes. */
  async #runTogether(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<Set<number>> {
    if (batches.length === 0) return new Set();
    const first = batches.filter(
      ({ partition, records }) => records.length > 0 && !this.#notes.of(partition).hasBegun,
    );
    const work = () => this.#options.pipeline.run(batches, signal);
    const behind = await this.#underNote(first, begun, signal, work);
    for (const { partition } of first) this.#notes.of(partition).hasBegun = !behind.has(partition);
    return behind;
  }

  /** Part by part, each with a note of its own before. Afterwards no note says that one is at work. */
  async #runApart(batch: PartitionBatch, signal: AbortSignal, moved: () => void): Promise<Set<number>> {
    const { killsMax } = this.#options.settings;
    const attempts = this.#notes.of(batch.partition);
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
    const attempts = this.#notes.of(partition);
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
      this.#notes.of(batch.partition).happened({ kind: "condemned", offset: offsetOf(batch) });
      await this.#notes.note([batch.partition], signal);
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
    const before = batches.map((batch) => ({ batch, note: this.#notes.of(batch.partition).note }));
    const restore = (): void => {
      for (const { batch, note } of before) this.#notes.of(batch.partition).note = note;
    };
    let givenUp = new Set(batches.map(({ partition }) => partition));
    try {
      for (const { batch, note } of before) this.#notes.of(batch.partition).note = noteOf(note, batch);
      await this.#notes.note(batches.map(partitionOf), signal);
      givenUp = await this.#takingBackAtWait(batches, restore, work);
      return givenUp;
    } finally {
      restore();
      await this.#notes.takeBack(batches.map(partitionOf).filter((partition) => givenUp.has(partition)));
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
      takingBack = this.#notes.takeBack(batches.map(partitionOf));
    });
    try {
      return await work();
    } finally {
      stopListening();
      await takingBack;
    }
  }
}

function begun(note: CommitNote, batch: PartitionBatch): CommitNote {
  return nextNote(note, { kind: "begun", at: offsetOf(batch) });
}

function tried(note: CommitNote, batch: PartitionBatch): CommitNote {
  return nextNote(note, { kind: "tried", offset: offsetOf(batch) });
}

function partitionOf({ partition }: PartitionBatch): number {
  return partition;
}

/** Of the first record. */
function offsetOf({ records, nextOffset }: PartitionBatch): number {
  return records[0]?.offset ?? nextOffset;
}

function addAll<Element>(into: Set<Element>, elements: ReadonlySet<Element>): void {
  for (const element of elements) into.add(element);
}
