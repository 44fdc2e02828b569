import { expect, test } from "@jest/globals";
import type { Order } from "@lastknown/shared";
import type { NewestState } from "../states/state-store.js";
import { KnownOrders } from "./known-orders.js";

const orderAt = (orderTime: number): Order => {
  return { orderTime, sts: 7, timeStamp: orderTime, eventId: "0".repeat(32) };
};

const stateAt = (user: string, orderTime: number): NewestState => {
  const source = { topic: "events", partition: 0, offset: 0 };
  return { user, order: orderAt(orderTime), attributes: "{}", source };
};

test("knows of nobody whom the store has not acknowledged", () => {
  expect(new KnownOrders().has(Buffer.from("bus"), orderAt(-1e15))).toBe(false);
});

test.each([-5_000_000, 0, 1_700_000_000_123_456])(
  "has a newer state than what is older than %d, and of nobody else",
  (orderTime) => {
    const known = new KnownOrders();
    known.acknowledged([stateAt("bus", orderTime)]);
    expect(known.has(Buffer.from("bus"), orderAt(orderTime - 1))).toBe(true);
    // Of the same order time other fields decide, and the store does.
    expect(known.has(Buffer.from("bus"), orderAt(orderTime))).toBe(false);
    expect(known.has(Buffer.from("bus"), orderAt(orderTime + 1))).toBe(false);
    expect(known.has(Buffer.from("tram"), orderAt(orderTime - 1))).toBe(false);
  },
);

test.each([
  ["é", "Ã©"],
  ["🚌", "ð\u009f\u009a\u008c"],
])("knows %s by UTF-8, as who asks does", (user, sameInLatin1) => {
  const known = new KnownOrders();
  known.acknowledged([stateAt(user, 9)]);
  expect(known.has(Buffer.from(user), orderAt(8))).toBe(true);
  expect(known.has(Buffer.from(sameInLatin1), orderAt(8))).toBe(false);
  const other = new KnownOrders();
  other.acknowledged([stateAt(sameInLatin1, 9)]);
  expect(other.has(Buffer.from(user), orderAt(8))).toBe(false);
});

test("keeps the newest where an older one is acknowledged later", () => {
  const known = new KnownOrders();
  known.acknowledged([stateAt("bus", 9), stateAt("bus", 5)]);
  expect(known.has(Buffer.from("bus"), orderAt(8))).toBe(true);
});

test("holds so many users at most, and those that were set last", () => {
  const known = new KnownOrders(10);
  for (let user = 0; user < 100; user++) known.acknowledged([stateAt(String(user), 9), stateAt("often", 9)]);
  expect(known.size).toBeLessThanOrEqual(11);
  expect(known.has(Buffer.from("often"), orderAt(8))).toBe(true);
  expect(known.has(Buffer.from("99"), orderAt(8))).toBe(true);
  expect(known.has(Buffer.from("0"), orderAt(8))).toBe(false);
});

test("remembers an order across generations", () => {
  const known = new KnownOrders(4);
  known.acknowledged([stateAt("bus", 9), stateAt("a", 1), stateAt("b", 1)]);
  known.acknowledged([stateAt("bus", 5)]);
  known.acknowledged([stateAt("c", 1), stateAt("d", 1)]);
  expect(known.has(Buffer.from("bus"), orderAt(8))).toBe(true);
});

test("knows nothing of before it forgot", () => {
  const known = new KnownOrders(2);
  known.acknowledged([stateAt("a", 9), stateAt("bus", 9)]);
  known.forget();
  expect(["a", "bus"].map((user) => known.has(Buffer.from(user), orderAt(8)))).toEqual([false, false]);
});
