import type { Arrival } from "../event/arrival.js";
import type { Moment } from "../file/moment.js";

/** How far a clock may be ahead before it is disbelieved, in µs; a constant of the fleet. */
export type FutureSkew = Moment | "off";

export const USUAL_FUTURE_SKEW: FutureSkew = 300_000_000n;

/**
 * Compared from left to right, texts by code point, which is the order of their UTF-8 bytes. The attributes (as
 * canonical JSON) count last: they may differ where the event_id does not, and they leave no two states open.
 */
export type Order = readonly [
  orderTime: bigint,
  sts: bigint,
  timeStamp: bigint,
  eventId: string,
  attributes: string,
];

export function orderOf(arrival: Arrival, skew: FutureSkew): Order {
  const { timeStamp, sts } = arrival;
  const latestBelieved = skew === "off" ? timeStamp : sts + skew;
  const orderTime = timeStamp > latestBelieved ? latestBelieved : timeStamp;
  return [orderTime, sts, timeStamp, arrival.eventId, arrival.attributes];
}

/** Negative, 0 or positive as `a` is older than `b`, the same, or newer. */
export function compareOrders(a: Order, b: Order): number {
  for (const [index, mine] of a.entries()) {
    const theirs = b[index] as typeof mine;
    if (mine === theirs) continue;
    if (typeof mine === "string" || typeof theirs === "string")
      return compareCodePoints(String(mine), String(theirs));
    return mine < theirs ? -1 : 1;
  }
  return 0;
}

/** Walks both texts by whole characters: JavaScript's own comparison would take halves of those beyond the BMP. */
function compareCodePoints(mine: string, theirs: string): number {
  const others = theirs[Symbol.iterator]();
  for (const character of mine) {
    const other = others.next();
    if (other.done === true) return 1;
    const difference = Number(character.codePointAt(0)) - Number(other.value.codePointAt(0));
    if (difference !== 0) return difference;
  }
  return others.next().done === true ? 0 : -1;
}

/** The order as Redis holds it: each time plus 2^52 as 14 hex digits, then the event id as 32; no attributes. */
export function redisOrder([orderTime, sts, timeStamp, eventId]: Order): string {
  const times = [orderTime, sts, timeStamp].map((time) => (time + 2n ** 52n).toString(16).padStart(14, "0"));
  return times.join("") + eventId;
}
