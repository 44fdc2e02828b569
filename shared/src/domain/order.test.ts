import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  compareOrder,
  decodeOrder,
  DEFAULT_MAX_FUTURE_SKEW,
  encodeOrder,
  ENCODED_ORDER_LENGTH,
  isClamped,
  orderOf,
  type Order,
} from "./order.js";
import { EARLIEST_MICROS, LATEST_MICROS } from "./time.js";

// A small range beside the whole one, so that ties of every field come up.
const time = fc.oneof(
  fc.integer({ min: EARLIEST_MICROS, max: LATEST_MICROS }),
  fc.integer({ min: -3, max: 3 }),
);
const eventId = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex")),
  fc.constantFrom("0".repeat(32), "f".repeat(32)),
);
const skew = fc.constantFrom(0, 1, DEFAULT_MAX_FUTURE_SKEW, Infinity);
const event = fc.record({ timeStamp: time, sts: time, eventId });
const order: fc.Arbitrary<Order> = fc.record({ orderTime: time, sts: time, timeStamp: time, eventId });

describe("the order of a user's events", () => {
  test("is total: antisymmetric, transitive, and equal only for equal orders", () => {
    fc.assert(
      fc.property(order, order, order, (a, b, c) => {
        expect(Math.sign(compareOrder(a, b))).toBe(0 - Math.sign(compareOrder(b, a)));
        if (compareOrder(a, b) <= 0 && compareOrder(b, c) <= 0)
          expect(compareOrder(a, c)).toBeLessThanOrEqual(0);
        expect(compareOrder(a, b) === 0).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2000 },
    );
  });

  test("sorts as its text does, times before 1970 too", () => {
    fc.assert(
      fc.property(order, order, (a, b) => {
        const byText = Buffer.compare(Buffer.from(encodeOrder(a)), Buffer.from(encodeOrder(b)));
        expect(byText).toBe(Math.sign(compareOrder(a, b)));
      }),
      { numRuns: 2000 },
    );
  });

  test("has a text of fixed length that decodes to itself", () => {
    fc.assert(
      fc.property(order, (a) => {
        expect(encodeOrder(a)).toHaveLength(ENCODED_ORDER_LENGTH);
        expect(decodeOrder(encodeOrder(a))).toEqual(a);
      }),
    );
  });

  test("has a frozen text: Redis holds it from version to version", () => {
    const frozen = { orderTime: 0, sts: -1, timeStamp: 1, eventId: "00112233445566778899aabbccddeeff" };
    expect(encodeOrder(frozen)).toBe("10000000000000" + "0fffffffffffff" + "10000000000001" + frozen.eventId);
  });

  test("refuses text that it cannot have written", () => {
    for (const text of ["", "x".repeat(ENCODED_ORDER_LENGTH), "0".repeat(ENCODED_ORDER_LENGTH - 1)]) {
      expect(() => decodeOrder(text)).toThrow(RangeError);
    }
  });

  test("makes the newest a pure maximum: any shuffle and duplication gives the same", () => {
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 8 }),
        skew,
        fc.infiniteStream(fc.nat()),
        (events, s, picks) => {
          const newest = (list: typeof events): string =>
            list.map((e) => encodeOrder(orderOf(e, s))).reduce((a, b) => (a >= b ? a : b));
          const shuffled = [...events, ...events].sort(() =>
            (picks.next().value as number) % 2 === 0 ? 1 : -1,
          );
          expect(newest(shuffled)).toBe(newest(events));
        },
      ),
    );
  });
});

describe("orderOf", () => {
  const id = "0".repeat(32);

  test("believes a device's clock up to the skew and no further", () => {
    const ahead = orderOf({ timeStamp: 1_000_000, sts: 0, eventId: id }, 300_000);
    expect(ahead.orderTime).toBe(300_000);
    expect(isClamped(ahead)).toBe(true);
    const justInside = orderOf({ timeStamp: 300_000, sts: 0, eventId: id }, 300_000);
    expect(isClamped(justInside)).toBe(false);
  });

  test("never clamps when the skew is off", () => {
    expect(
      isClamped(orderOf({ timeStamp: LATEST_MICROS, sts: EARLIEST_MICROS, eventId: id }, Infinity)),
    ).toBe(false);
  });
});
