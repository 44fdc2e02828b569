import { parseCommitNote, type CommitNote, type WorkerWord } from "../fleet/commit-note.js";
import type { CommittedOffset, GroupMembership } from "../kafka/group-offsets.js";
import type { PartitionEnds } from "../kafka/log-reader.js";
import { SILENT_SECONDS_MAX } from "./explain-lag.js";
import type { LagFacts, WaitingSample } from "./lag-facts.js";
import { isGrowing, paceOf, withMark, type Mark } from "./watched-pace.js";

/** What was seen at one moment. Commits are asked for before the ends, so a lag is too great rather than too small. */
export interface LagLook {
  /** By a clock that never goes back. */
  readonly atMs: number;
  /** The same moment by the wall clock, in ms since 1970. */
  readonly nowMs: number;
  readonly ends: ReadonlyMap<number, PartitionEnds>;
  /** Those of the fleet's own workers. */
  readonly commits: ReadonlyMap<number, CommittedOffset>;
  /** Undefined where the group could not be asked. */
  readonly group: GroupMembership | undefined;
}

interface Watched {
  lag: number;
  committed: CommittedOffset | undefined;
  note: CommitNote;
  /** The member that has it, or had it when that was last known; undefined where that was never known. */
  owner: string | undefined;
  /**
   * When its owner was last seen to commit, or to say something; or when it was first seen to have the partition, or
   * the watch of this lag began, whichever was later.
   */
  heardAtMs: number;
  /** When its word was seen to change; undefined where it only stands there, or there is none. */
  heardWordAtMs: number | undefined;
  /** When nothing waited; undefined where that was never seen. */
  emptyAtMs: number | undefined;
  marks: Mark[];
}

/** Watches the partitions look by look, and tells what follows of each. It asks nobody itself. */
export class LagWatch {
  readonly #watched = new Map<number, Watched>();
  #last: LagLook | undefined;

  look(look: LagLook): void {
    const sinceLookMs = look.atMs - (this.#last?.atMs ?? -Infinity);
    this.#last = look;
    for (const [partition, ends] of look.ends) {
      const committed = look.commits.get(partition);
      const position = Math.max(ends.start, committed?.offset ?? ends.start);
      const lag = Math.max(0, ends.end - position);
      const before = this.#watched.get(partition);
      const isHeard = before !== undefined && isOther(before.committed, committed);
      const hasWaited = before !== undefined && before.lag > 0;
      const has = ownerIn(look.group, partition);
      const owner = has ?? before?.owner;
      const isNew = owner !== before?.owner;
      const marks = isAnother(before, owner) ? [] : (before?.marks ?? []);
      const note = isHeard || before === undefined ? parseCommitNote(committed?.note) : before.note;
      this.#watched.set(partition, {
        lag,
        committed,
        note,
        owner,
        heardAtMs:
          isHeard || isNew || isBetweenOwners(look.group, has) || !hasWaited ? look.atMs : before.heardAtMs,
        heardWordAtMs: heardWordAt(before, note.word, { atMs: look.atMs, sinceLookMs, owner }),
        emptyAtMs: lag === 0 ? look.atMs : before?.emptyAtMs,
        marks: withMark(marks, { atMs: look.atMs, committed: position, end: ends.end }),
      });
    }
  }

  /** Ascending; all that were seen. */
  get partitions(): number[] {
    return [...this.#watched.keys()].toSorted((a, b) => a - b);
  }

  lagOf(partition: number): number {
    return this.#watched.get(partition)?.lag ?? 0;
  }

  /** Where what waits in the partition begins. */
  positionOf(partition: number): number {
    return this.#watched.get(partition)?.marks.at(-1)?.committed ?? 0;
  }

  /** Undefined where the partition was not seen yet. */
  factsOf(partition: number, sample?: WaitingSample): LagFacts | undefined {
    const watched = this.#watched.get(partition);
    const look = this.#last;
    if (watched === undefined || look === undefined) return undefined;
    const silentSeconds = watched.lag === 0 ? 0 : (look.atMs - watched.heardAtMs) / 1000;
    return {
      partition,
      lag: watched.lag,
      lagOfOthers: this.#lagOfOthers(partition),
      group: look.group,
      isCommitted: watched.committed !== undefined,
      note: watched.note,
      word: wordNow(watched, look, silentSeconds),
      silentSeconds,
      emptySecondsAgo: watched.emptyAtMs === undefined ? undefined : (look.atMs - watched.emptyAtMs) / 1000,
      pace: paceOf(watched.marks),
      isGrowing: isGrowing(watched.marks),
      sample,
    };
  }

  #lagOfOthers(partition: number): number | undefined {
    const lags = [...this.#watched].filter(([other]) => other !== partition).map(([, { lag }]) => lag);
    return lags.toSorted((a, b) => a - b)[Math.floor(lags.length / 2)];
  }
}

/**
 * What the owner says, unless that was long ago: whoever said it may have died since. When it was said, our own clock
 * tells of a word that was seen to come; of one that stood there at the first look the worker's clock has to be
 * believed until it is said again.
 */
function wordNow(
  { note: { word }, heardWordAtMs }: Watched,
  { atMs, nowMs }: LagLook,
  silentSeconds: number,
): WorkerWord | undefined {
  if (word === undefined || silentSeconds >= SILENT_SECONDS_MAX) return undefined;
  const agoMs = heardWordAtMs === undefined ? Math.abs(nowMs - word.at) : atMs - heardWordAtMs;
  return isLately(agoMs) ? word : undefined;
}

interface HeardAt {
  readonly atMs: number;
  readonly sinceLookMs: number;
  readonly owner: string | undefined;
}

/** A word that differs may have come at any time since the look before: after a long one it is as at a first look. */
function heardWordAt(
  before: Watched | undefined,
  word: WorkerWord | undefined,
  { atMs, sinceLookMs, owner }: HeardAt,
): number | undefined {
  if (before === undefined) return undefined;
  // What stands there since another one had the partition is not what its owner says.
  if (isSameWord(before.note.word, word)) return isAnother(before, owner) ? -Infinity : before.heardWordAtMs;
  return isLately(sinceLookMs) ? atMs : undefined;
}

function ownerIn(group: GroupMembership | undefined, partition: number): string | undefined {
  return group?.members.find(({ partitions }) => partitions.includes(partition))?.memberId;
}

/** Whether the partition had another owner before, of whom nothing more follows. */
function isAnother(before: Watched | undefined, owner: string | undefined): boolean {
  return before?.owner !== undefined && before.owner !== owner;
}

/** Then nobody can be expected to say anything. Where the group could not be asked it is as it was. */
function isBetweenOwners(group: GroupMembership | undefined, owner: string | undefined): boolean {
  return group !== undefined && (group.isRebalancing || owner === undefined);
}

function isLately(agoMs: number): boolean {
  return agoMs < SILENT_SECONDS_MAX * 1000;
}

function isSameWord(before: WorkerWord | undefined, now: WorkerWord | undefined): boolean {
  return before?.at === now?.at && before?.on === now?.on && before?.forMs === now?.forMs;
}

function isOther(before: CommittedOffset | undefined, now: CommittedOffset | undefined): boolean {
  return before?.offset !== now?.offset || before?.note !== now?.note;
}
