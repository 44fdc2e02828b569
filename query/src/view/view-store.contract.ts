import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { encodeOrder, judge, LATEST_MICROS } from "@lastknown/shared";
import fc from "fast-check";
import type { Arrival, FoldedArrival } from "./arrival.js";
import {
  arrivalsInAnyOrder,
  distinct,
  expectedJudgements,
  expectedOrders,
  judgementOf,
} from "./any-arrivals-for-test.js";
import { arrivalFor, batchOf } from "./arrival-for-test.js";
import type { ViewStore } from "./view-store.js";

/** A busy machine takes its time. */
jest.setTimeout(30_000);

export interface StoreUnderTest {
  readonly store: ViewStore;
  readonly remove: () => Promise<void>;
}

/** What every ViewStore does; `make` gives an empty one for a fleet whose max_future_skew is 10 µs. */
export function describeViewStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let store: ViewStore;
    let remove: () => Promise<void>;

    beforeEach(async () => {
      ({ store, remove } = await make());
    });

    afterEach(() => remove());

    /** So many at a time. Gives the new ones. */
    const foldApart = (arrivals: readonly Arrival[], rowsPerBatch: number): FoldedArrival[] => {
      const added: FoldedArrival[] = [];
      for (let first = 0; first < arrivals.length; first += rowsPerBatch)
        added.push(...store.fold(batchOf(arrivals.slice(first, first + rowsPerBatch))));
      return added;
    };

    test("knows nothing at first", () => {
      expect(store.position(0)).toEqual({ nextOffset: 0, sourceEnd: 0 });
      expect(store.hasUser("a")).toBe(false);
      expect([...store.users(undefined)]).toEqual([]);
      expect([...store.bySource("a", 0)]).toEqual([]);
      expect([...store.latestReceived("a")]).toEqual([]);
      expect([...store.byOrder("a", { orderTimeMax: LATEST_MICROS })]).toEqual([]);
      expect(store.arrival("a", 0)).toBeUndefined();
      expect(store.schemaText(1)).toBeUndefined();
    });

    test("keeps an arrival as it was given", () => {
      const arrival = arrivalFor({ user: "a", offset: 7, timeStamp: -5, sts: 3, letter: "a" });
      store.fold(batchOf([arrival], { nextOffset: 12 }));
      expect(store.arrival("a", 7)).toEqual(arrival);
      expect([...store.latestReceived("a")]).toEqual([arrival]);
      expect([...store.bySource("a", 0)]).toEqual([
        { ...arrival, stateBefore: undefined, seenBefore: false },
      ]);
      expect(store.position(0)).toEqual({ nextOffset: 12, sourceEnd: 8 });
    });

    test("keeps any append time and the greatest schema id", () => {
      const times = [-1, -(2 ** 32), -(2 ** 53) + 1, 0, 2 ** 32 - 1, 2 ** 53 - 1];
      const arrivals = times.map((appendedAtMs, offset) => ({
        ...arrivalFor({ user: "a", offset }),
        appendedAtMs,
        schemaId: 2 ** 32 - 1,
      }));
      store.fold(batchOf(arrivals));
      expect(arrivals.map(({ offset }) => store.arrival("a", offset))).toEqual(arrivals);
    });

    test("takes in the batches of several partitions at once", () => {
      const [first, second] = [arrivalFor({ user: "a", offset: 7 }), arrivalFor({ user: "b", offset: 2 })];
      const copy = { schemaId: 9, text: "text" };
      const added = store.fold(
        { ...batchOf([first], { partition: 0, nextOffset: 12 }), schemas: [copy] },
        { ...batchOf([second, second], { partition: 3, nextOffset: 5 }), schemas: [copy] },
      );
      expect(added.map(({ user, offset }) => [user, offset])).toEqual([
        ["a", 7],
        ["b", 2],
      ]);
      expect([store.position(0), store.position(3)]).toEqual([
        { nextOffset: 12, sourceEnd: 8 },
        { nextOffset: 5, sourceEnd: 3 },
      ]);
      expect(store.schemaText(9)).toBe("text");
    });

    test("ignores an arrival that it has", () => {
      const arrival = arrivalFor({ user: "a", offset: 7, timeStamp: 5, sts: 3, letter: "a" });
      expect(store.fold(batchOf([arrival, arrival]))).toHaveLength(1);
      expect(store.fold(batchOf([arrival]))).toHaveLength(0);
      expect([...store.latestReceived("a")]).toHaveLength(1);
    });

    test("gives the arrivals that are new, each as it stands in the history", () => {
      const facts = [
        { user: "a", offset: 3, timeStamp: 5, letter: "x" },
        { user: "b", offset: 4, timeStamp: 1, letter: "y" },
        { user: "a", offset: 5, timeStamp: 4, letter: "x" },
        { user: "a", offset: 3, timeStamp: 5, letter: "x" },
        // Comes late, as from an audit that was compacted.
        { user: "a", offset: 1, timeStamp: 2, letter: "z" },
        { user: "a", offset: 4, timeStamp: 9, letter: "z" },
      ];
      const added = store.fold(batchOf(facts.map(arrivalFor)));
      expect(added.map(({ user, offset }) => [user, offset])).toEqual([
        ["a", 3],
        ["b", 4],
        ["a", 5],
        ["a", 1],
        ["a", 4],
      ]);
      const verdicts = added.map(({ order, stateBefore, seenBefore }) => {
        return judge(order, stateBefore, seenBefore).verdict;
      });
      expect(verdicts).toEqual(["applied", "applied", "duplicate", "applied", "applied"]);
      expect(added.slice(-2)).toEqual(
        [...store.bySource("a", 0)].filter(({ offset }) => [1, 4].includes(offset)),
      );
    });

    test("keeps each partition's position apart and the greatest source offset", () => {
      store.fold(batchOf([arrivalFor({ user: "a", offset: 7 })], { partition: 3, nextOffset: 5 }));
      store.fold(batchOf([arrivalFor({ user: "a", offset: 2 })], { partition: 3, nextOffset: 6 }));
      store.fold(batchOf([], { partition: 1, nextOffset: 2 }));
      expect(store.position(3)).toEqual({ nextOffset: 6, sourceEnd: 8 });
      expect(store.position(1)).toEqual({ nextOffset: 2, sourceEnd: 0 });
    });

    test("lists users in the order of their bytes, from any place", () => {
      const users = ["b", "", "\u{1f600}", "\uffee", "a/b", "ab", "é", "{}", ".."].filter(
        (user) => user !== "",
      );
      store.fold(batchOf(users.map((user) => arrivalFor({ user, offset: 1 }))));
      const sorted = [...users].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect([...store.users(undefined)]).toEqual(sorted);
      expect([...store.users("ab")]).toEqual(sorted.slice(sorted.indexOf("ab") + 1));
      expect([...store.users("aa")]).toEqual(sorted.slice(sorted.indexOf("ab")));
    });

    test("keeps the first text of a schema", () => {
      store.fold({ ...batchOf([]), schemas: [{ schemaId: 9, text: "first" }] });
      store.fold({ ...batchOf([]), schemas: [{ schemaId: 9, text: "second" }] });
      expect(store.schemaText(9)).toBe("first");
    });

    test("counts the first received of equal orders as the greatest", () => {
      const facts = { user: "a", timeStamp: 5, sts: 3, letter: "a" };
      store.fold(batchOf([4, 2, 9].map((offset) => arrivalFor({ ...facts, offset }))));
      const offsets = [...store.byOrder("a", { orderTimeMax: 5 })].map(({ offset }) => offset);
      expect(offsets).toEqual([2, 4, 9]);
    });

    test("begins at an order with all arrivals of it, and none of a greater one", () => {
      const facts = [
        { offset: 0, timeStamp: 5, sts: 3, letter: "a" },
        { offset: 1, timeStamp: 5, sts: 3, letter: "b" },
        { offset: 2, timeStamp: 5, sts: 3, letter: "a" },
        { offset: 3, timeStamp: 5, sts: 4, letter: "a" },
        { offset: 4, timeStamp: -1, sts: 9, letter: "a" },
      ].map((fact) => arrivalFor({ user: "a", ...fact }));
      store.fold(batchOf(facts));
      const from = (index: number): number[] => {
        const orderMax = (facts[index] as Arrival).order;
        return [...store.byOrder("a", { orderMax })].map(({ offset }) => offset);
      };
      expect(from(3)).toEqual([3, 1, 0, 2, 4]);
      expect(from(1)).toEqual([1, 0, 2, 4]);
      expect(from(0)).toEqual([0, 2, 4]);
      expect(from(2)).toEqual([0, 2, 4]);
      expect(from(4)).toEqual([4]);
    });

    test("goes on in the order from any place", () => {
      store.fold(
        batchOf([1, 2, 3, 4].map((offset) => arrivalFor({ user: "a", offset, timeStamp: offset, sts: 9 }))),
      );
      const all = [...store.byOrder("a", { orderTimeMax: LATEST_MICROS })];
      expect(all.map(({ offset }) => offset)).toEqual([4, 3, 2, 1]);
      all.forEach((below, index) => {
        expect([...store.byOrder("a", { below })]).toEqual(all.slice(index + 1));
      });
      expect([...store.byOrder("a", { orderTimeMax: 2 })]).toEqual(all.slice(2));
    });

    test("forgets everything when cleared, and can be filled again", () => {
      const arrival = arrivalFor({ user: "a", offset: 7, timeStamp: 5, sts: 3 });
      store.fold({ ...batchOf([arrival], { nextOffset: 8 }), schemas: [{ schemaId: 9, text: "text" }] });
      store.clear();
      expect(store.position(0)).toEqual({ nextOffset: 0, sourceEnd: 0 });
      expect(store.hasUser("a")).toBe(false);
      expect(store.schemaText(9)).toBeUndefined();
      expect(store.fold(batchOf([arrival]))).toHaveLength(1);
      expect([...store.bySource("a", 0)]).toEqual([
        { ...arrival, stateBefore: undefined, seenBefore: false },
      ]);
    });

    test("leaves out nothing received by a moment where it tells where to search for that", () => {
      fc.assert(
        fc.property(
          fc.array(arrivalAnyTime, { maxLength: 30 }),
          anyTime,
          anyTime,
          (rows, orderTimeMax, receivedMax) => {
            store.clear();
            const arrivals = rows.map((row, offset) =>
              arrivalFor({ ...row, user: "a", offset, letter: "a" }),
            );
            for (const arrival of arrivals) store.fold(batchOf([arrival]));
            const times = arrivals
              .filter(({ order }) => order.sts <= receivedMax && order.orderTime <= orderTimeMax)
              .map(({ order }) => order.orderTime);
            const told =
              arrivals.length === 0 ? undefined : store.latestReceivedBy("a", orderTimeMax, receivedMax);
            if (told === undefined) expect(times).toEqual([]);
            else {
              expect(told).toBeLessThanOrEqual(orderTimeMax);
              expect(Math.max(...times, -Infinity)).toBeLessThanOrEqual(told);
            }
          },
        ),
        { numRuns: 500 },
      );
    });

    test("tells the same of any permutation, duplication and split of the arrivals", () => {
      fc.assert(
        fc.property(arrivalsInAnyOrder, fc.integer({ min: 1, max: 7 }), (facts, rowsPerBatch) => {
          store.clear();
          foldApart(facts.map(arrivalFor), rowsPerBatch);
          for (const user of ["a", "b"]) {
            expect([...store.bySource(user, 0)].map(judgementOf)).toEqual(expectedJudgements(facts, user));
            expect(
              [...store.byOrder(user, { orderTimeMax: 50 })].map(({ order }) => encodeOrder(order)),
            ).toEqual(expectedOrders(facts, user));
          }
        }),
        { numRuns: 150 },
      );
    });

    test("gives each arrival as it stands in the history, where they come in their order", () => {
      fc.assert(
        fc.property(arrivalsInAnyOrder, fc.integer({ min: 1, max: 7 }), (facts, rowsPerBatch) => {
          store.clear();
          const inOrder = ["a", "b"].flatMap((user) => distinct(facts, user)).map(arrivalFor);
          const added = foldApart(inOrder, rowsPerBatch);
          for (const user of ["a", "b"]) {
            const ofUser = added.filter((arrival) => arrival.user === user);
            expect(ofUser.map(judgementOf)).toEqual(expectedJudgements(facts, user));
          }
        }),
        { numRuns: 150 },
      );
    });
  });
}

/** Times near each other and days, months and decades apart, also before 1970. */
const anyTime = fc
  .tuple(
    fc.integer({ min: -1, max: 1 }),
    fc.constantFrom(0, 1e6, 2 ** 26, 2 ** 34, 2 ** 42, 2 ** 50),
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([sign, size, near]) => sign * size + near);
const arrivalAnyTime = fc.record({ timeStamp: anyTime, sts: anyTime });
