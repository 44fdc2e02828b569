import { parseCommitNote, type CommitNote, type WorkerWord } from "../fleet/commit-note.js";
import type { CommittedOffset, GroupMembership } from "../kafka/group-offsets.js";
import type { PartitionEnds } from "../kafka/log-reader.js";
import { SILENT_SECONDS_MAX } from "./explain-lag.js";
import type { LagFacts, WaitingSample } from "./lag-facts.js";
import type { Pace } from "./lag-reason.js";

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

/** A pace is that of so long at most. */
const PACE_WINDOW_MS = 10_000;
/** Less than this tells little: a worker commits twice a second. */
const PACE_WINDOW_MIN_MS = 900;
/** Looks that are closer together than this are one to the pace: bounds what is kept. */
const PACE_STEP_MS = 200;

interface Mark {
  readonly atMs: number;
  readonly committed: number;
  readonly end: number;
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
        marks: withMark(before?.marks ?? [], { atMs: look.atMs, committed: position, end: ends.end }),
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
  const isOthers = before.owner !== undefined && before.owner !== owner;
  if (isSameWord(before.note.word, word)) return isOthers ? -Infinity : before.heardWordAtMs;
  return isLately(sinceLookMs) ? atMs : undefined;
}

function ownerIn(group: GroupMembership | undefined, partition: number): string | undefined {
  return group?.members.find(({ partitions }) => partitions.includes(partition))?.memberId;
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

function withMark(marks: readonly Mark[], mark: Mark): Mark[] {
  const last = marks.at(-1);
  // An offset that went back, as after a rebalance, or a topic made anew begins another pace.
  if (last !== undefined && (mark.committed < last.committed || mark.end < last.end)) return [mark];
  const kept = marks.filter(({ atMs }) => mark.atMs - atMs <= PACE_WINDOW_MS);
  // The newest always counts; of those before it one each PACE_STEP_MS.
  const [newest, before] = [kept.at(-1), kept.at(-2)];
  const isClose = newest !== undefined && before !== undefined && newest.atMs - before.atMs < PACE_STEP_MS;
  return [...(isClose ? kept.slice(0, -1) : kept), mark];
}

function paceOf(marks: readonly Mark[]): Pace | undefined {
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const ms = last.atMs - first.atMs;
  if (ms < PACE_WINDOW_MIN_MS) return undefined;
  return {
    committedPerSecond: ((last.committed - first.committed) * 1000) / ms,
    appendedPerSecond: ((last.end - first.end) * 1000) / ms,
  };
}
