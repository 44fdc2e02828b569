import { partitionOf } from "../event/partition.js";
import { type Judgement, Tally } from "../judges/judgement.js";
import type { Healing, SeenState } from "./observations.js";

/** A time in which a user's state in Redis was older than what had been seen there before. */
export interface StepBack {
  readonly user: string;
  readonly partition: number;
  readonly fromMs: number;
  /** When it was seen to be as new again; Infinity where it never was. */
  readonly toMs: number;
}

export interface StepsBackBounds {
  /** How long a loss in Redis may show. */
  readonly healedWithinMs: number;
}

/** A reader may see a loss so long before a worker says that it heals it, and its end so much later. */
const SLACK_MS = 2_000;

/** The states of each user have to be given in the order in which they were seen. */
export function stepsBack(states: readonly SeenState[], partitions: number): StepBack[] {
  const newest = new Map<string, string>();
  const open = new Map<string, number>();
  const steps: StepBack[] = [];
  const close = (user: string, fromMs: number, toMs: number): void => {
    steps.push({ user, partition: partitionOf(user, partitions), fromMs, toMs });
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

/** Whether no user's state ever went back, but in a healing that a worker logged, and that ended in time. */
export function judgeStepsBack(
  seen: { readonly states: readonly SeenState[]; readonly healings: readonly Healing[] },
  partitions: number,
  { healedWithinMs }: StepsBackBounds,
): Judgement {
  const tally = new Tally();
  for (const user of new Set(seen.states.map((state) => state.user))) tally.check(user, true, true);
  for (const step of stepsBack(seen.states, partitions)) {
    const lastedMs = step.toMs - step.fromMs;
    const isLogged = seen.healings.some(
      ({ partition, fromMs, toMs }) =>
        partition === step.partition && fromMs - SLACK_MS <= step.toMs && step.fromMs <= toMs + SLACK_MS,
    );
    const where = `${step.user} (partition ${step.partition}) going back at ${new Date(step.fromMs).toISOString()}`;
    if (!isLogged) tally.fail(where, "a logged healing", `none, back for ${lastedMs} ms`);
    else if (lastedMs > healedWithinMs) tally.fail(where, `healed within ${healedWithinMs} ms`, lastedMs);
    else tally.check(where, true, true);
  }
  return tally.judgement;
}
