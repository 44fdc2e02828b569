import { bucketOf } from "../event/partition.js";
import { type Judgement, Tally } from "../judges/judgement.js";
import type { Healing, SeenState } from "./observations.js";

/** A time in which a user's state in Redis was older than what had been seen there before. */
export interface StepBack {
  readonly user: string;
  readonly bucket: number;
  readonly fromMs: number;
  /** When it was seen to be as new again; Infinity where it never was. */
  readonly toMs: number;
}

export interface StepsBackBounds {
  /** How long a loss in Redis may show that was first seen at a moment, in ms since 1970. */
  readonly healedWithinMs: (atMs: number) => number;
}

/** What is there may be seen so much later: an answer's bound, the reader's pause, and some for a busy machine. */
const SEEN_LATER_MS = 2_000;

/** The states of each user have to be given in the order in which they were seen. */
export function stepsBack(states: readonly SeenState[]): StepBack[] {
  const newest = new Map<string, string>();
  const open = new Map<string, number>();
  const steps: StepBack[] = [];
  const close = (user: string, fromMs: number, toMs: number): void => {
    steps.push({ user, bucket: bucketOf(user), fromMs, toMs });
  };
  for (const { user, order = "", atMs } of states) {
    const before = newest.get(user) ?? "";
    const fromMs = open.get(user);
    if (order < before) {
      if (fromMs === undefined) open.set(user, atMs);
      continue;
    }
    newest.set(user, order);
    if (fromMs === undefined) continue;
    open.delete(user);
    close(user, fromMs, atMs);
  }
  for (const [user, fromMs] of open) close(user, fromMs, Infinity);
  return steps;
}

/**
 * Whether no user's state ever went back, but for a short time that ended in a healing of its own bucket, which a
 * worker logged. A healing whose end nobody logged, as its worker was killed, counts for no longer than the bound.
 */
export function judgeStepsBack(
  seen: { readonly states: readonly SeenState[]; readonly healings: readonly Healing[] },
  { healedWithinMs }: StepsBackBounds,
): Judgement {
  const tally = new Tally();
  for (const user of new Set(seen.states.map((state) => state.user))) tally.check(user, true, true);
  for (const step of stepsBack(seen.states)) {
    const boundMs = healedWithinMs(step.fromMs);
    const lastedMs = step.toMs - step.fromMs;
    const where = `${step.user} (bucket ${step.bucket}) going back at ${new Date(step.fromMs).toISOString()}`;
    if (!(lastedMs <= boundMs)) tally.fail(where, `healed within ${boundMs} ms`, lastedMs);
    else if (!seen.healings.some((healing) => hasMended(healing, step, boundMs)))
      tally.fail(where, `a logged healing of bucket ${step.bucket}`, `none, back for ${lastedMs} ms`);
    else tally.check(where, true, true);
  }
  return tally.judgement;
}

/** Nothing comes back before a worker says that it heals it, nor after it has said that it did. */
function hasMended(healing: Healing, step: StepBack, boundMs: number): boolean {
  const endedMs = Math.min(healing.toMs, healing.fromMs + boundMs) + SEEN_LATER_MS;
  return healing.bucket === step.bucket && healing.fromMs <= step.toMs && step.toMs <= endedMs;
}
