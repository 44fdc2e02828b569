import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson } from "./attributes.js";
import {
  compareAttributes,
  compareCanonicalAttributes,
  compareOrder,
  decodeOrder,
  DEFAULT_MAX_FUTURE_SKEW,
  encodeOrder,
  ENCODED_ORDER_LENGTH,
  isClamped,
  orderOf,
  writeOrderText,
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
// Beyond the BMP and from U+E000 on, UTF-16 and UTF-8 sort differently.
const attributes = fc.dictionary(
  fc.constantFrom("note", "\uff5e", "\u{1f600}"),
  fc.oneof(
    fc.string({
      unit: fc.constantFrom("a", "é", "\ue000", "\uffff", "\u{10000}", "\u{1f600}"),
      maxLength: 3,
    }),
    fc.integer({ min: -2, max: 11 }),
    fc.boolean(),
  ),
  { noNullPrototype: true },
);
const event = fc.record({ timeStamp: time, sts: time, eventId, attributes });
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

  test("is decided by the bytes of canonical attributes where it is equal", () => {
    fc.assert(
      fc.property(attributes, attributes, (a, b) => {
        const [bytesOfA, bytesOfB] = [a, b].map((one) => [...new TextEncoder().encode(canonicalJson(one))]);
        const first = bytesOfA!.findIndex((byte, index) => byte !== bytesOfB![index]);
        const expected =
          first === -1 ? bytesOfA!.length - bytesOfB!.length : bytesOfA![first]! - (bytesOfB![first] ?? -1);
        expect(Math.sign(compareAttributes(a, b))).toBe(Math.sign(expected));
      }),
      { numRuns: 2000 },
    );
    // By UTF-16 units, as JavaScript itself compares, the first would be the greater one.
    expect(compareAttributes({ note: "\uff5e" }, { note: "\u{1f600}" })).toBeLessThan(0);
    expect(compareAttributes({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(0);
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

  test("is written as bytes as its text is", () => {
    fc.assert(
      fc.property(order, (any) => {
        const bytes = Buffer.alloc(ENCODED_ORDER_LENGTH + 2, "-");
        expect(writeOrderText(bytes, 1, any)).toBe(ENCODED_ORDER_LENGTH + 1);
        expect(bytes.toString()).toBe(`-${encodeOrder(any)}-`);
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
          // Each event once more with other attributes: its order is the same.
          const all = events.flatMap((e, index) => [
            e,
            { ...e, attributes: events.at(index - 1)!.attributes },
          ]);
          const newest = (list: typeof events): string[] =>
            list
              .map((e) => [encodeOrder(orderOf(e, s)), canonicalJson(e.attributes)] as [string, string])
              .reduce((a, b) => {
                if (a[0] !== b[0]) return a[0] > b[0] ? a : b;
                return compareCanonicalAttributes(b[1], a[1]) > 0 ? b : a;
              });
          const shuffled = [...all, ...all].sort(() => ((picks.next().value as number) % 2 === 0 ? 1 : -1));
          expect(newest(shuffled)).toEqual(newest(all));
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
