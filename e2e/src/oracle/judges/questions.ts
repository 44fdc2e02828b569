import type { Timeline } from "../meaning/timeline.js";
import type { Question } from "../meaning/timeline.js";

/** A question about one user. */
export interface UserQuestion {
  readonly timeline: Timeline;
  readonly question: Question;
}

/** A seeded source of whole numbers 0..limit-1 (a linear congruential generator over 64 bits). */
class Dice {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed);
  }

  throw(limit: number): number {
    this.#state = BigInt.asUintN(64, this.#state * 6364136223846793005n + 1442695040888963407n);
    return Number((this.#state >> 33n) % BigInt(limit));
  }
}

/**
 * Questions on either clock and on both together, a third each. Half of them name a moment at which something
 * changes, or a microsecond before or after it; the rest lie anywhere in the time of their user.
 */
export function randomQuestions(
  timelines: ReadonlyMap<string, Timeline>,
  count: number,
  seed: number,
): UserQuestion[] {
  const dice = new Dice(seed);
  const all = [...timelines.values()];
  if (all.length === 0) return [];
  return Array.from({ length: count }, (_, index) => {
    const timeline = all[dice.throw(all.length)] as Timeline;
    const at = randomMoment(timeline, 0, dice);
    const knownAt = randomMoment(timeline, 1, dice);
    const question = [{ at }, { knownAt }, { at, knownAt }][index % 3] as Question;
    return { timeline, question };
  });
}

/** A moment on one of the clocks of an order: 0 for order_time, 1 for sts. */
function randomMoment({ arrivals }: Timeline, clock: 0 | 1, dice: Dice): bigint {
  const momentOf = (index: number): bigint => arrivals[index]?.order[clock] ?? 0n;
  const one = momentOf(dice.throw(arrivals.length));
  const other = momentOf(dice.throw(arrivals.length));
  if (dice.throw(2) === 0) return one + BigInt(dice.throw(3) - 1);
  return one + ((other - one) * BigInt(dice.throw(1001))) / 1000n;
}
