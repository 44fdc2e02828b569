import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { murmur2 } from "@lastknown/shared";
import { UserTimes } from "./user-times.js";

const user = fc.uint8Array({ minLength: 1, maxLength: 256 }).map((bytes) => Buffer.from(bytes));
/** Few, so that they come again, and alike, so that they differ in little. */
const alike = fc
  .integer({ min: 0, max: 40 })
  .map((index) => Buffer.from("u".repeat(1 + (index % 7)) + index));

/** As many hashes as there may be, or so few that most are another's too. */
const hashes = fc.constantFrom<(bytes: Buffer) => number>(murmur2, (bytes) => bytes.length % 3);

test("has of each user what was set last, as a Map has it", () => {
  const sets = fc.array(fc.tuple(fc.oneof(user, alike), fc.maxSafeInteger()), { maxLength: 300 });
  fc.assert(
    fc.property(sets, fc.array(alike), hashes, (set, others, hashOf) => {
      const times = new UserTimes();
      const expected = new Map<string, number>();
      for (const [bytes, time] of set) {
        times.set(bytes, hashOf(bytes), time);
        // One that was not kept is as one that never came.
        if (times.get(bytes, hashOf(bytes)) !== undefined) expected.set(bytes.toString("hex"), time);
      }
      for (const bytes of [...set.map(([bytes]) => bytes), ...others]) {
        const found = times.get(bytes, hashOf(bytes));
        if (found !== undefined || hashOf === murmur2)
          expect([bytes, found]).toEqual([bytes, expected.get(bytes.toString("hex"))]);
      }
    }),
    { numRuns: 500 },
  );
});

test("keeps nearly all of the users of one partition", () => {
  const times = new UserTimes();
  const users = Array.from({ length: 400_000 }, (_, index) => Buffer.from(`unit-${index}`))
    .filter((bytes) => murmur2(bytes) % 16 === 3)
    .slice(0, 20_000);
  users.forEach((bytes, index) => times.set(bytes, murmur2(bytes), index));
  expect(users).toHaveLength(20_000);
  const kept = users.filter((bytes, index) => times.get(bytes, murmur2(bytes)) === index).length;
  expect(kept).toBeGreaterThanOrEqual(19_990);
  expect(times.size).toBe(kept);
});

test("keeps a few of many with one hash", () => {
  const times = new UserTimes();
  for (let index = 0; index < 5000; index++) times.set(Buffer.from(`unit-${index}`), 7, index);
  expect(times.size).toBeGreaterThan(0);
  expect(times.size).toBeLessThan(100);
  expect(times.get(Buffer.from("unit-0"), 7)).toBe(0);
  expect(times.get(Buffer.from("unit-4999"), 7)).toBeUndefined();
});
