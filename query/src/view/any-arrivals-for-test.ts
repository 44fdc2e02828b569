import { encodeOrder, type Order } from "@lastknown/shared";
import fc from "fast-check";
import type { FoldedArrival } from "./arrival.js";
import { arrivalFor, type ArrivalFacts } from "./arrival-for-test.js";

/** Distinct arrivals of two users with few times and few events, so that ties and repeats abound; then doubled. */
export const arrivalsInAnyOrder: fc.Arbitrary<ArrivalFacts[]> = fc
  .array(
    fc.record({
      user: fc.constantFrom("a", "b"),
      timeStamp: fc.integer({ min: -3, max: 40 }),
      sts: fc.integer({ min: -3, max: 20 }),
      // Their ids have all kinds of digits: 61, 4a, 6f and 7e, again and again.
      letter: fc.constantFrom("a", "J", "o", "~"),
    }),
    { maxLength: 25 },
  )
  .map((rows) => rows.map((row, offset) => ({ ...row, offset: offset * 3 })))
  .chain((rows) =>
    fc.tuple(
      fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length }),
      fc.shuffledSubarray(rows),
    ),
  )
  .map(([all, again]) => [...all, ...again]);

export function judgementOf({ offset, stateBefore, seenBefore }: FoldedArrival) {
  return {
    offset,
    stateBefore: stateBefore === undefined ? undefined : encodeOrder(stateBefore),
    seenBefore,
  };
}

/** The same by looking at every earlier arrival anew, from the definitions in DESIGN.md §1. */
export function expectedJudgements(facts: readonly ArrivalFacts[], user: string) {
  const arrivals = distinct(facts, user).map(arrivalFor);
  return arrivals.map(({ offset, order }, index) => {
    const earlier = arrivals.slice(0, index).map((arrival) => arrival.order);
    const greatestFirst = earlier.map(sortableText).sort().reverse();
    return {
      offset,
      stateBefore: greatestFirst[0],
      seenBefore: earlier.some((other) => other.eventId === order.eventId),
    };
  });
}

export function expectedOrders(facts: readonly ArrivalFacts[], user: string): string[] {
  return distinct(facts, user)
    .map(arrivalFor)
    .filter(({ order }) => order.orderTime <= 50)
    .map(({ order }) => sortableText(order))
    .sort()
    .reverse();
}

export function distinct(facts: readonly ArrivalFacts[], user: string): ArrivalFacts[] {
  const byOffset = new Map(facts.filter((fact) => fact.user === user).map((fact) => [fact.offset, fact]));
  return [...byOffset.values()].sort((a, b) => a.offset - b.offset);
}

function sortableText(order: Order): string {
  const times = [order.orderTime, order.sts, order.timeStamp];
  return (
    times.map((time) => (BigInt(time) + 4503599627370496n).toString(16).padStart(14, "0")).join("") +
    order.eventId
  );
}
