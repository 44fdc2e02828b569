import type { Arrival } from "../event/arrival.js";
import type { Moment } from "../file/moment.js";

/** How far a clock may be ahead before it is disbelieved, in µs; a constant of the fleet. */
export type FutureSkew = Moment | "off";

export const USUAL_FUTURE_SKEW: FutureSkew = 300_000_000n;

/** order_time, sts, time_stamp, event_id: compared from left to right. Hex of one length sorts as its bytes do. */
export type Order = readonly [orderTime: bigint, sts: bigint, timeStamp: bigint, eventId: string];

export function orderOf(arrival: Arrival, skew: FutureSkew): Order {
  const { timeStamp, sts } = arrival;
  const latestBelieved = skew === "off" ? timeStamp : sts + skew;
  const orderTime = timeStamp > latestBelieved ? latestBelieved : timeStamp;
  return [orderTime, sts, timeStamp, arrival.eventId];
}

/** Negative, 0 or positive as `a` is older than `b`, the same, or newer. */
export function compareOrders(a: Order, b: Order): number {
  for (const [index, mine] of a.entries()) {
    const theirs = b[index] as typeof mine;
    if (mine !== theirs) return mine < theirs ? -1 : 1;
  }
  return 0;
}

/** The order as Redis holds it: each time plus 2^52 as 14 hex digits, then the event id as 32. */
export function redisOrder([orderTime, sts, timeStamp, eventId]: Order): string {
  const times = [orderTime, sts, timeStamp].map((time) => (time + 2n ** 52n).toString(16).padStart(14, "0"));
  return times.join("") + eventId;
}
