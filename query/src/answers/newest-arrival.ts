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

/** Steps before the store is asked where to go on. */
const STEPS_PER_JUMP = 100;
/** Jumps before other work gets its turn: about 5 ms. */
const JUMPS_PER_TURN = 10;

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
 * The greatest order among the arrivals that the moment lets in. With `knownAt` it walks back over what was received
 * later: 2 to 3 steps for most users, and in jumps over what the store knows to be received later as a whole. It looks
 * one step further, for a tie: that costs less than a walk of its own.
 */
async function greatestOrder(
  store: ViewStore,
  user: string,
  moment: Moment,
  maxFutureSkew: MaxFutureSkew,
): Promise<GreatestOrder | undefined> {
  let orderTimeMax = greatestOrderTime(moment, maxFutureSkew);
  let bound: OrderBound = { orderTimeMax };
  for (let jumps = 1; ; jumps++) {
    const time = receivedTime(store, user, orderTimeMax, moment);
    if (time === undefined) return undefined;
    if (time < orderTimeMax) bound = { orderTimeMax: time };
    let steps = 0;
    let first: OrderPosition | undefined;
    let last: OrderPosition | undefined;
    for (const position of store.byOrder(user, bound)) {
      if (first !== undefined) return { first, isTied: compareOrder(position.order, first.order) === 0 };
      if (isReceivedBy(position, moment)) first = position;
      last = position;
      if (++steps >= STEPS_PER_JUMP && first === undefined) break;
    }
    if (first !== undefined) return { first, isTied: false };
    if (last === undefined || steps < STEPS_PER_JUMP) return undefined;
    bound = { below: last };
    orderTimeMax = last.order.orderTime;
    if (jumps % JUMPS_PER_TURN === 0) await nextTurn();
  }
}

/** The greatest order time that is worth a look; undefined where none is. */
function receivedTime(
  store: ViewStore,
  user: string,
  orderTimeMax: Micros,
  { knownAt }: Moment,
): Micros | undefined {
  return knownAt === undefined ? orderTimeMax : store.latestReceivedBy(user, orderTimeMax, knownAt);
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
