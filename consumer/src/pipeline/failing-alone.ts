import { setTimeout as sleep } from "node:timers/promises";
import { isUnforeseen } from "../faults/unforeseen.js";

/** How often each is tried that fails, and how long to wait before it is tried again. */
export interface TriesOptions<One = { readonly partition: number }> {
  readonly attemptsMax: number;
  readonly delayMs: number;
  /** Pauses double up to it. */
  readonly delayMaxMs: number;
  /** Told of those that are tried again. Gives what is called afterwards. */
  readonly apart?: (failing: readonly One[]) => () => void;
}

/** Resolves where none of them is to blame for anything. */
type Attempt<One> = (some: readonly One[]) => Promise<void>;

/** Of so many that all fail none is to blame: then it is no single record's error. */
const ALL_FAILING_MIN = 10;

/**
 * Finds out which of several are to blame for an error that they gave together: tries their halves, and the halves of
 * what fails, down to each alone; then those that failed alone a bounded number of times more, all of them after each
 * pause, so that many cost no more time than one. To find one of n that way takes 2 log2 n tries, and not n.
 *
 * Gives those that failed each time, with their last error. What is no single one's error is thrown: one that is
 * foreseen, and one that all of many have. Where all of a few fail, that cannot be told: they are given, and the
 * breaker stops the worker if it goes on so.
 */
export async function failingAlone<One>(
  ones: readonly One[],
  attempt: Attempt<One>,
  tries: TriesOptions<One>,
  signal: AbortSignal,
): Promise<ReadonlyMap<One, unknown>> {
  const failing = await stillFailing(await failingInHalves(ones, attempt, signal), attempt, tries, signal);
  if (failing.size >= ALL_FAILING_MIN && failing.size === ones.length) throw failing.values().next().value;
  return failing;
}

async function stillFailing<One>(
  alone: ReadonlyMap<One, unknown>,
  attempt: Attempt<One>,
  { attemptsMax, delayMs, delayMaxMs, apart }: TriesOptions<One>,
  signal: AbortSignal,
): Promise<ReadonlyMap<One, unknown>> {
  let failing = alone;
  let pauseMs = delayMs;
  const isOver = apart?.([...failing.keys()]);
  try {
    for (let attempts = 1; attempts < attemptsMax && failing.size > 0; attempts++) {
      await pause(pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, delayMaxMs);
      failing = await failingOfEach([...failing.keys()], attempt, signal);
    }
  } finally {
    isOver?.();
  }
  return failing;
}

async function failingInHalves<One>(
  some: readonly One[],
  attempt: Attempt<One>,
  signal: AbortSignal,
): Promise<Map<One, unknown>> {
  const middle = Math.ceil(some.length / 2);
  const before = await failingAmong(some.slice(0, middle), attempt, signal);
  const after = await failingAmong(some.slice(middle), attempt, signal);
  return new Map([...before, ...after]);
}

async function failingOfEach<One>(
  ones: readonly One[],
  attempt: Attempt<One>,
  signal: AbortSignal,
): Promise<Map<One, unknown>> {
  const failing: [One, unknown][] = [];
  for (const one of ones) failing.push(...(await failingAmong([one], attempt, signal)));
  return new Map(failing);
}

async function failingAmong<One>(
  some: readonly One[],
  attempt: Attempt<One>,
  signal: AbortSignal,
): Promise<Map<One, unknown>> {
  const [first] = some;
  if (first === undefined) return new Map();
  signal.throwIfAborted();
  try {
    await attempt(some);
    return new Map();
  } catch (error) {
    if (!isUnforeseen(error, signal)) throw error;
    if (some.length === 1) return new Map([[first, error]]);
  }
  return await failingInHalves(some, attempt, signal);
}

async function pause(pauseMs: number, signal: AbortSignal): Promise<void> {
  // The timer's own error on an abort has the reason as its cause only.
  await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
