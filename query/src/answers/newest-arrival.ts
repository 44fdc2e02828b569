import { setImmediate as nextTurn } from "node:timers/promises";
import { compareOrder, LATEST_MICROS, type MaxFutureSkew, type Micros } from "@lastknown/shared";
import type { OrderPosition } from "../view/arrival.js";
import type { OrderBound, ViewStore } from "../view/view-store.js";
import type { AnswerContext } from "./answer-context.js";
import { newestOfTied } from "./newest-of-tied.js";

/** A moment on one clock, the other, or both; on neither it is now. */
export interface Moment {
  /** What was true at this time, by all that is known: order_time ≤ at. */
  readonly at?: Micros | undefined;
  /** What our side had received by this time: sts ≤ knownAt. */
  readonly knownAt?: Micros | undefined;
}

/** Steps before other work gets its turn: about 5 ms. */
const STEPS_PER_TURN = 2000;

/**
 * The newest of the arrivals that the moment lets in: the greatest order, of equal orders the greatest attributes,
 * of equal attributes the first received. Throws UnreadableArrivalError where a tie cannot be decided.
 */
export async function newestArrival(
  context: AnswerContext,
  place: { topic: string; partition: number },
  user: string,
  moment: Moment,
): Promise<OrderPosition | undefined> {
  const greatest = await greatestOrder(context.store, user, moment, context.fleet.maxFutureSkew);
  if (greatest?.isTied !== true) return greatest?.first;
  return await newestOfTied(context, place, user, greatest.first);
}

interface GreatestOrder {
  /** The first received of those that have it. */
  readonly first: OrderPosition;
  /** Whether others have it too: of nearly all users none has. */
  readonly isTied: boolean;
}

/**
 * The greatest order among the arrivals that the moment lets in. With `knownAt` it walks back over what was
 * received later: 2 to 3 steps for most users, all of a user's arrivals at worst. It looks one step further, for
 * a tie: that costs less than a walk of its own.
 */
async function greatestOrder(
  store: ViewStore,
  user: string,
  moment: Moment,
  maxFutureSkew: MaxFutureSkew,
): Promise<GreatestOrder | undefined> {
  let bound: OrderBound = { orderTimeMax: greatestOrderTime(moment, maxFutureSkew) };
  for (;;) {
    let steps = 0;
    let first: OrderPosition | undefined;
    let last: OrderPosition | undefined;
    for (const position of store.byOrder(user, bound)) {
      if (first !== undefined) return { first, isTied: compareOrder(position.order, first.order) === 0 };
      if (isReceivedBy(position, moment)) first = position;
      last = position;
      if (++steps === STEPS_PER_TURN && first === undefined) break;
    }
    if (first !== undefined) return { first, isTied: false };
    if (last === undefined || steps < STEPS_PER_TURN) return undefined;
    bound = { below: last };
    await nextTurn();
  }
}

/** Whether the moment lets this arrival in. */
export function isWithin(position: OrderPosition, moment: Moment): boolean {
  return !isAfter(position, moment) && isReceivedBy(position, moment);
}

/** Whether it happened after the moment. */
export function isAfter({ order }: OrderPosition, { at }: Moment): boolean {
  return at !== undefined && order.orderTime > at;
}

/** Whether our side had it by the moment. */
export function isReceivedBy({ order }: OrderPosition, { knownAt }: Moment): boolean {
  return knownAt === undefined || order.sts <= knownAt;
}

/** What was received by K has order_time ≤ K + skew, so the walk can begin there. */
function greatestOrderTime(
  { at = LATEST_MICROS, knownAt = LATEST_MICROS }: Moment,
  skew: MaxFutureSkew,
): Micros {
  return Math.min(at, knownAt + skew, LATEST_MICROS);
}
