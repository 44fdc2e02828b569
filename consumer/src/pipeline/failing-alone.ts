import { setTimeout as sleep } from "node:timers/promises";
import { isUnforeseen } from "../faults/unforeseen.js";

/** How often each is tried that fails, and how long to wait before it is tried again. */
export interface TriesOptions {
  readonly attemptsMax: number;
  readonly delayMs: number;
  /** Pauses double up to it. */
  readonly delayMaxMs: number;
}

/** Of so many that all fail none is to blame: then it is no single record's error. */
const ALL_FAILING_MIN = 10;

/**
 * Finds out which of several are to blame for an error that they gave together: tries each alone, and then those that
 * failed a bounded number of times more, all together after each pause, so that many cost no more time than one.
 *
 * Gives those that failed each time, with their last error. What is no single one's error is thrown: one that is
 * foreseen, and one that all of many have. Where all of a few fail, that cannot be told: they are given, and the
 * breaker stops the worker if it goes on so.
 */
export async function failingAlone<One>(
  ones: readonly One[],
  attempt: (one: One) => Promise<void>,
  { attemptsMax, delayMs, delayMaxMs }: TriesOptions,
  signal: AbortSignal,
): Promise<Map<One, unknown>> {
  let failing = await failingOnce(ones, attempt, signal);
  let pauseMs = delayMs;
  for (let attempts = 1; attempts < attemptsMax && failing.size > 0; attempts++) {
    await pause(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, delayMaxMs);
    failing = await failingOnce([...failing.keys()], attempt, signal);
  }
  if (failing.size >= ALL_FAILING_MIN && failing.size === ones.length) throw failing.values().next().value;
  return failing;
}

async function failingOnce<One>(
  ones: readonly One[],
  attempt: (one: One) => Promise<void>,
  signal: AbortSignal,
): Promise<Map<One, unknown>> {
  const failing = new Map<One, unknown>();
  for (const one of ones) {
    signal.throwIfAborted();
    try {
      await attempt(one);
    } catch (error) {
      if (!isUnforeseen(error, signal)) throw error;
      failing.set(one, error);
    }
  }
  return failing;
}

async function pause(pauseMs: number, signal: AbortSignal): Promise<void> {
  // The timer's own error on an abort has the reason as its cause only.
  await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
