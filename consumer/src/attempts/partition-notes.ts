import { setTimeout as sleep } from "node:timers/promises";
import {
  noteOfFleet,
  printCommitNote,
  unlessAborted,
  withDeadline,
  type CommitNote,
  type Logger,
  type WorkerWord,
} from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import type { CommitOutcome, WorkerGroup } from "../group/worker-group.js";
import { OrderedCommits } from "./ordered-commits.js";
import { PartitionAttempts } from "./partition-attempts.js";

export interface PartitionNotesOptions {
  readonly fleetId: string;
  readonly generation: number;
  readonly group: WorkerGroup;
  readonly patience: Patience;
  readonly logger: Logger;
}

/** Until the group tells us of the rebalance for which the coordinator refuses a note. */
const STALE_PAUSE_MS = 200;
/** A note that a record was given up, not killed by, is not worth more. */
const TAKE_BACK_DEADLINE_MS = 2000;

/** What an assignment knows of the attempts in its partitions, and the notes of it in the group. */
export class PartitionNotes {
  readonly #options: PartitionNotesOptions;
  readonly #commits: OrderedCommits;
  /** Undefined until loaded. */
  #partitions: Map<number, PartitionAttempts> | undefined;
  #loading: Promise<Map<number, PartitionAttempts>> | undefined;
  /** How many notes are to stand before their work begins, and do not yet. */
  #awaited = 0;

  constructor(options: PartitionNotesOptions) {
    this.#options = options;
    this.#commits = new OrderedCommits(options.group);
  }

  /** Loads what the assignments before have noted; once. */
  async load(signal: AbortSignal): Promise<void> {
    if (this.#partitions !== undefined) return;
    // Both loops of an assignment ask for it.
    this.#loading ??= this.#load(signal);
    this.#partitions = await this.#loading;
  }

  /** Undefined until loaded, and where there is nothing. */
  known(partition: number): PartitionAttempts | undefined {
    return this.#partitions?.get(partition);
  }

  of(partition: number): PartitionAttempts {
    let attempts = this.#partitions?.get(partition);
    if (attempts === undefined) {
      attempts = new PartitionAttempts(undefined, {});
      // Before the first batch nothing is kept: what stands in the group is loaded then.
      this.#partitions?.set(partition, attempts);
    }
    return attempts;
  }

  /** As WorkerGroup.commit, with the notes. */
  async commit(generation: number, offsets: ReadonlyMap<number, number>): Promise<CommitOutcome> {
    const notes = new Map<number, string>();
    for (const [partition, offset] of offsets) {
      const attempts = this.of(partition);
      attempts.committed = offset;
      attempts.happened({ kind: "committed", to: offset });
      notes.set(partition, this.#send(attempts));
    }
    return await this.#commits.commit(generation, offsets, notes);
  }

  /** Resolves when the notes stand: what was not noted must not run. */
  async note(partitions: readonly number[], signal: AbortSignal): Promise<void> {
    if (partitions.length === 0) return;
    const { patience } = this.#options;
    this.#awaited++;
    try {
      // It ends with the assignment at the latest, which a coordinator that refuses us has ended.
      while ((await patience.outlast("kafka", signal, () => this.#commitNotes(partitions))) === "stale") {
        await unlessAborted(signal, sleep(STALE_PAUSE_MS));
      }
    } finally {
      this.#awaited--;
    }
  }

  /** The process lives, so it was not ended. Where that cannot be noted, it counts as if it had been. */
  async takeBack(partitions: readonly number[]): Promise<void> {
    if (partitions.length === 0) return;
    const { logger } = this.#options;
    try {
      const noted = this.#commitNotes(partitions);
      const outcome = await withDeadline(TAKE_BACK_DEADLINE_MS, noted, () => "stale" as const);
      if (outcome === "stale") logger.warn("what was given up counts as tried", { partitions });
    } catch (error) {
      logger.warn("what was given up counts as tried", { partitions, error });
    }
  }

  /**
   * Says what the worker does with partitions of which it commits nothing, beside the offsets that stand, and takes
   * words back. Beside it stands what stood there before, so no count of deaths changes. A partition without an offset
   * is left out.
   *
   * @returns whether it was said; not while a commit is under way, nor once the group has shared out anew
   */
  async say(words: ReadonlyMap<number, WorkerWord | undefined>): Promise<boolean> {
    // What waits for its note has not begun, and must not count as if it had.
    if (this.#awaited > 0 || this.#commits.isUnderWay) return false;
    const offsets = new Map<number, number>();
    const notes = new Map<number, string>();
    for (const [partition, word] of words) {
      const attempts = this.known(partition);
      if (attempts?.committed === undefined) continue;
      offsets.set(partition, attempts.committed);
      notes.set(partition, this.#print({ ...attempts.sent, word }));
    }
    if (offsets.size === 0) return false;
    return (await this.#commits.say(this.#options.generation, offsets, notes)) === "committed";
  }

  async #load(signal: AbortSignal): Promise<Map<number, PartitionAttempts>> {
    const { fleetId, group, patience } = this.#options;
    const committed = await patience.outlast("kafka", signal, () => group.committed());
    return new Map(
      [...committed].map(([partition, { offset, note }]) => {
        const ours = noteOfFleet(fleetId, note);
        // With our note beside it, somebody else's offset would be taken for ours.
        const standing = ours === undefined ? undefined : offset;
        // What the owner before said of itself is not ours.
        return [partition, new PartitionAttempts(standing, { ...ours, word: undefined })];
      }),
    );
  }

  async #commitNotes(partitions: readonly number[]): Promise<CommitOutcome> {
    const offsets = new Map<number, number>();
    const notes = new Map<number, string>();
    for (const partition of partitions) {
      const attempts = this.of(partition);
      if (attempts.committed === undefined) throw new Error(`partition ${partition} was not begun`);
      offsets.set(partition, attempts.committed);
      notes.set(partition, this.#send(attempts));
    }
    return await this.#commits.commit(this.#options.generation, offsets, notes);
  }

  #send(attempts: PartitionAttempts): string {
    attempts.sent = attempts.note;
    return this.#print(attempts.sent);
  }

  #print(note: CommitNote): string {
    return printCommitNote({ ...note, fleet: this.#options.fleetId });
  }
}
