import type { Pace } from "./lag-reason.js";

/** Where a partition stood when it was looked at. */
export interface Mark {
  readonly atMs: number;
  readonly committed: number;
  readonly end: number;
}

/** What is committed comes in steps, so that its mean takes long; what is appended may end at any time. */
const COMMITTED_WINDOW_MS = 10_000;
const APPENDED_WINDOW_MS = 3000;
/** Less than this tells little: a worker commits twice a second. */
const PACE_WINDOW_MIN_MS = 900;
/** Where records wait and nothing was committed for so long, whoever did so before has no pace. */
const STANDING_MS_MAX = 2000;
/** A lag that grows fast is seen in the first of them, and one that grows slowly in a later one. */
const GROWTH_WINDOWS_MS = [10_000, 30_000, 60_000];
const GROWTH_WINDOW_MIN_MS = 3000;
/** A lag goes up and down by what comes from one commit to the next: half a second, and the time of a batch. */
const COMMIT_SECONDS_MAX = 1;
/** Looks that are closer together than this are one to the pace: bounds what is kept. */
const PACE_STEP_MS = 200;
const KEPT_MS = Math.max(...GROWTH_WINDOWS_MS);

export function withMark(marks: readonly Mark[], mark: Mark): Mark[] {
  const last = marks.at(-1);
  // An offset that went back, as after a rebalance, or a topic made anew begins another pace.
  if (last !== undefined && (mark.committed < last.committed || mark.end < last.end)) return [mark];
  // So does one that moves again after it stood: what has come meanwhile is no sign of a slow worker.
  if (last !== undefined && mark.committed > last.committed && isStanding(marks)) return [mark];
  const kept = marks.filter(({ atMs }) => mark.atMs - atMs <= KEPT_MS);
  // The newest always counts; of those before it one each PACE_STEP_MS.
  const [newest, before] = [kept.at(-1), kept.at(-2)];
  const isClose = newest !== undefined && before !== undefined && newest.atMs - before.atMs < PACE_STEP_MS;
  return [...(isClose ? kept.slice(0, -1) : kept), mark];
}

/** Undefined where it was watched too briefly, or nothing of what waits was committed lately. */
export function paceOf(marks: readonly Mark[]): Pace | undefined {
  if (isStanding(marks)) return undefined;
  const committedPerSecond = rateOf(marks, COMMITTED_WINDOW_MS, ({ committed }) => committed);
  const appendedPerSecond = rateOf(marks, APPENDED_WINDOW_MS, ({ end }) => end);
  if (committedPerSecond === undefined || appendedPerSecond === undefined) return undefined;
  return { committedPerSecond, appendedPerSecond };
}

/**
 * Whether the lag has grown over a while, by more than what comes between two commits or two looks. Only looks at which
 * something was newly committed count: whoever has stopped is not taken for one that is slow.
 */
export function isGrowing(marks: readonly Mark[]): boolean {
  const [before, last] = [marks.at(-2), marks.at(-1)];
  const pace = paceOf(marks);
  if (before === undefined || last === undefined || pace === undefined) return false;
  const perSecond = Math.max(pace.committedPerSecond, pace.appendedPerSecond);
  const margin = perSecond * (COMMIT_SECONDS_MAX + (last.atMs - before.atMs) / 1000);
  const moved = movedIn(marks);
  return GROWTH_WINDOWS_MS.some((windowMs) => {
    const within = moved.filter(({ atMs }) => last.atMs - atMs <= windowMs);
    return hasGrown(within, margin);
  });
}

/**
 * Step by step: what has come at once, or while somebody rested, is no growth that goes on. The least of each third
 * counts, which is what was left by a commit.
 */
function hasGrown(marks: readonly Mark[], margin: number): boolean {
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < GROWTH_WINDOW_MIN_MS)
    return false;
  const thirdMs = (last.atMs - first.atMs) / 3;
  const leastFrom = (fromMs: number): number => {
    const third = marks.filter(({ atMs }) => atMs >= fromMs && atMs <= fromMs + thirdMs);
    return Math.min(...third.map(lagAt));
  };
  const then = leastFrom(first.atMs);
  const meanwhile = leastFrom(first.atMs + thirdMs);
  const now = leastFrom(last.atMs - thirdMs);
  return Math.min(meanwhile - then, now - meanwhile) > margin / 3 && now - then > margin;
}

/** As was watched: of looks that are far apart one at least has to see it stand. */
function isStanding(marks: readonly Mark[]): boolean {
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined) return false;
  return last.atMs - (movedIn(marks).at(-1) ?? first).atMs >= STANDING_MS_MAX;
}

/** Those at which more was committed than before, or nothing waited. */
function movedIn(marks: readonly Mark[]): Mark[] {
  return marks.filter((mark, index) => {
    return lagAt(mark) <= 0 || mark.committed > (marks[index - 1]?.committed ?? mark.committed);
  });
}

function lagAt({ committed, end }: Mark): number {
  return end - committed;
}

/** From the newest mark that is so old, or from the first one. */
function rateOf(
  marks: readonly Mark[],
  windowMs: number,
  countOf: (mark: Mark) => number,
): number | undefined {
  const last = marks.at(-1);
  if (last === undefined) return undefined;
  const first = marks.findLast(({ atMs }) => last.atMs - atMs >= windowMs) ?? marks[0] ?? last;
  const ms = last.atMs - first.atMs;
  return ms < PACE_WINDOW_MIN_MS ? undefined : ((countOf(last) - countOf(first)) * 1000) / ms;
}
