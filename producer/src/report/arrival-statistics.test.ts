import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { ArrivalStatistics } from "./arrival-statistics.js";
import { SeenIds } from "./seen-ids.js";

function idOf(number: number): string {
  return createHash("sha256").update(String(number)).digest("hex").slice(0, 32);
}

describe("the ids seen", () => {
  it("are told like a set does, while it grows", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30_000), { minLength: 1, maxLength: 3000 }), (numbers) => {
        const seen = new SeenIds();
        const set = new Set<number>();
        for (const number of [...numbers, ...Array.from({ length: 9000 }, (_, index) => index)]) {
          expect(seen.addAndTell(idOf(number))).toBe(set.has(number));
          set.add(number);
        }
      }),
      { numRuns: 3 },
    );
  });

  it("stop growing at their bound, and say so", () => {
    const seen = new SeenIds(2);
    const told = [1, 2, 3, 3, 1].map((number) => seen.addAndTell(idOf(number)));
    expect([told, seen.exact]).toEqual([[false, false, false, false, true], false]);
  });
});

describe("the arrivals", () => {
  it("count late rows, repeats and ties by user", () => {
    const statistics = new ArrivalStatistics();
    const rows: [user: string, timeStamp: number, sts: number, id: number][] = [
      ["a", 10, 100, 1],
      ["b", 5, 100, 2],
      ["a", 9, 100, 3],
      ["a", 10, 101, 1],
      ["a", 11, 102, 4],
      ["b", 4, 103, 5],
    ];
    for (const [user, timeStamp, sts, id] of rows)
      statistics.add({ user, timeStamp, sts, eventId: idOf(id) });
    expect(statistics.summary()).toEqual({ users: 2, late: 2, duplicates: 1, ties: 1, exact: true });
  });
});
