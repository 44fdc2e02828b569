import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { murmur2 } from "@lastknown/shared";
import { UserTimes } from "./user-times.js";

/** Any, and those that differ in little and come again. */
const user = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 256, size: "max" }).map((bytes) => Buffer.from(bytes)),
  fc.nat(400).map((index) => Buffer.from("u".repeat(1 + (index % 7)) + index)),
);
const sets = fc.array(fc.tuple(user, fc.maxSafeInteger()), { maxLength: 600, size: "max" });

/** As many hashes as there may be; so few that most are another's too; so few that not all find a slot. */
const HASHES: Readonly<Record<string, (bytes: Buffer) => number>> = {
  murmur2,
  "16 hashes": (bytes) => murmur2(bytes) % 16,
  "one hash": () => 7,
};

describe.each(Object.entries(HASHES))("a table by %s", (name, hashOf) => {
  test("has of each user whom it keeps what was set last, and of others nothing", () => {
    fc.assert(
      fc.property(sets, fc.array(user), (set, others) => {
        const times = new UserTimes();
        const last = new Map<string, number>();
        for (const [bytes, time] of set) {
          times.set(bytes, hashOf(bytes), time);
          last.set(bytes.toString("hex"), time);
        }
        const kept = [...last].filter(([hex, time]) => {
          const bytes = Buffer.from(hex, "hex");
          const found = times.get(bytes, hashOf(bytes));
          if (found !== undefined) expect(found).toBe(time);
          return found !== undefined;
        });
        expect(times.size).toBe(kept.length);
        if (name === "murmur2") expect(kept).toHaveLength(last.size);
        for (const bytes of others)
          if (!last.has(bytes.toString("hex"))) expect(times.get(bytes, hashOf(bytes))).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});

test("takes nobody for another whose id goes on after theirs, or ends before", () => {
  const times = new UserTimes();
  times.set(Buffer.from("abcd"), 7, 1);
  expect(["a", "abc", "abcd", "abcde"].map((id) => times.get(Buffer.from(id), 7))).toEqual([
    undefined,
    undefined,
    1,
    undefined,
  ]);
});

test("keeps nearly all of the users of one partition", () => {
  const times = new UserTimes();
  const users = Array.from({ length: 400_000 }, (_, index) => Buffer.from(`unit-${index}`))
    .filter((bytes) => murmur2(bytes) % 16 === 3)
    .slice(0, 20_000);
  expect(users).toHaveLength(20_000);
  users.forEach((bytes, index) => times.set(bytes, murmur2(bytes), index));
  const found = users.map((bytes) => times.get(bytes, murmur2(bytes)));
  expect(found.filter((time, index) => time !== undefined && time !== index)).toEqual([]);
  const kept = found.filter((time) => time !== undefined).length;
  expect(kept).toBeGreaterThanOrEqual(19_990);
  expect(times.size).toBe(kept);
});

test("keeps a few of many with one hash", () => {
  const times = new UserTimes();
  for (let index = 0; index < 5000; index++) times.set(Buffer.from(`unit-${index}`), 7, index);
  expect(times.size).toBe(32);
  expect(times.get(Buffer.from("unit-0"), 7)).toBe(0);
  expect(times.get(Buffer.from("unit-4999"), 7)).toBeUndefined();
});
