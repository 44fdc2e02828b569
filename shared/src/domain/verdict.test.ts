import { describe, expect, test } from "@jest/globals";
import { orderOf, type Order } from "./order.js";
import { judge, type Judgement } from "./verdict.js";

const A = "a".repeat(32);
const B = "b".repeat(32);
const SKEW = 300;

function order(eventId: string, timeStamp: number, sts: number): Order {
  return orderOf({ eventId, timeStamp, sts }, SKEW);
}

/** Folds arrivals one by one, as the definition says, and gives each one's judgement. */
function fold(arrivals: Order[]): Judgement[] {
  return arrivals.map((arrival, index) => {
    const before = arrivals.slice(0, index);
    const state = before.length === 0 ? undefined : before.reduce((a, b) => (compare(a, b) >= 0 ? a : b));
    return judge(
      arrival,
      state,
      before.some((earlier) => earlier.eventId === arrival.eventId),
    );
  });
}

function compare(a: Order, b: Order): number {
  const [x, y] = [a, b].map(
    (o) => [o.orderTime, o.sts, o.timeStamp].map((n) => String(n).padStart(9, "0")).join() + o.eventId,
  );
  return (x as string) < (y as string) ? -1 : x === y ? 0 : 1;
}

describe("judge", () => {
  test("applies the first arrival and every newer event", () => {
    expect(fold([order(A, 10, 10), order(B, 20, 20)]).map((j) => j.verdict)).toEqual(["applied", "applied"]);
  });

  test("calls an older event stale", () => {
    expect(fold([order(A, 20, 20), order(B, 10, 30)])[1]).toEqual({
      verdict: "stale",
      clamped: false,
      repeated: false,
    });
  });

  test("calls the state's own event, sent again, a duplicate though its sts moves on", () => {
    expect(fold([order(A, 10, 10), order(A, 10, 30)])[1]).toEqual({
      verdict: "duplicate",
      clamped: false,
      repeated: true,
    });
  });

  test("calls an older event that was seen before a duplicate, not stale", () => {
    expect(fold([order(A, 10, 10), order(B, 20, 20), order(A, 10, 30)])[2]?.verdict).toBe("duplicate");
  });

  test("applies A twice in A, B, A again, and flags it as repeated", () => {
    // Both clocks run ahead: what is believed of them moves on with sts.
    const judgements = fold([order(A, 9_000, 10), order(B, 5_000, 20), order(A, 9_000, 30)]);
    expect(judgements).toEqual([
      { verdict: "applied", clamped: true, repeated: false },
      { verdict: "applied", clamped: true, repeated: false },
      { verdict: "applied", clamped: true, repeated: true },
    ]);
  });

  test("calls an arrival of the very same order a duplicate, also when the state has moved on", () => {
    expect(fold([order(A, 10, 10), order(A, 10, 10)])[1]?.verdict).toBe("duplicate");
    expect(fold([order(A, 10, 10), order(B, 20, 20), order(A, 10, 10)])[2]?.verdict).toBe("duplicate");
  });
});
