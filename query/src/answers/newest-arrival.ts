import { setImmediate as nextTurn } from "node:timers/promises";
import { LATEST_MICROS, type MaxFutureSkew, type Micros } from "@lastknown/shared";
import type { OrderPosition } from "../view/arrival.js";
import type { OrderBound, ViewStore } from "../view/view-store.js";

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
 * The greatest order among the arrivals that the moment lets in. With `knownAt` it walks back over what was
 * received later: 2 to 3 steps for most users, all of a user's arrivals at worst.
 */
export async function newestArrival(
  store: ViewStore,
  user: string,
  moment: Moment,
  maxFutureSkew: MaxFutureSkew,
): Promise<OrderPosition | undefined> {
  let bound: OrderBound = { orderTimeMax: greatestOrderTime(moment, maxFutureSkew) };
  for (;;) {
    let steps = 0;
    let last: OrderPosition | undefined;
    for (const position of store.byOrder(user, bound)) {
      if (isReceivedBy(position, moment)) return position;
      last = position;
      if (++steps === STEPS_PER_TURN) break;
    }
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
