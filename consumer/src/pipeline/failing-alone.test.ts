import { describe, expect, test } from "@jest/globals";
import { FatalError } from "@lastknown/shared";
import { failingAlone } from "./failing-alone.js";

const TRIES = { attemptsMax: 3, delayMs: 1, delayMaxMs: 1 };
const { signal } = new AbortController();

/** The numbers below `count`, of which those fail that `fails` says; with the tries that were made. */
async function find(count: number, fails: (some: readonly number[]) => boolean) {
  const tries: (readonly number[])[] = [];
  const attempt = async (some: readonly number[]): Promise<void> => {
    tries.push(some);
    await Promise.resolve();
    if (fails(some)) throw new TypeError(`among ${some.length}`);
  };
  const ones = Array.from({ length: count }, (_, index) => index);
  const failing = await failingAlone(ones, attempt, TRIES, signal);
  return { failing, tries };
}

describe("of several that failed together", () => {
  test("finds one of very many in few tries, and tries it alone as often as it may", async () => {
    const { failing, tries } = await find(2048, (some) => some.includes(1234));
    expect([...failing]).toEqual([[1234, new TypeError("among 1")]]);
    expect(tries.length).toBeLessThanOrEqual(2 * Math.log2(2048) + TRIES.attemptsMax);
    expect(tries.filter((some) => some.length === 1 && some[0] === 1234)).toHaveLength(TRIES.attemptsMax);
  });

  test("finds each of some, and has done all others", async () => {
    const bad = [0, 7, 8, 63, 98];
    const { failing, tries } = await find(99, (some) => some.some((one) => bad.includes(one)));
    expect([...failing.keys()]).toEqual(bad);
    const done = tries.filter((some) => !some.some((one) => bad.includes(one))).flat();
    expect(done.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 99 }, (_, index) => index).filter((one) => !bad.includes(one)),
    );
  });

  test("blames none that fail in company alone", async () => {
    const { failing } = await find(100, (some) => some.length > 1);
    expect(failing.size).toBe(0);
  });

  test("throws what is foreseen, and what all of many have", async () => {
    const foreseen = new FatalError("no right", { fix: "give it" });
    await expect(failingAlone([1, 2], () => Promise.reject(foreseen), TRIES, signal)).rejects.toBe(foreseen);
    await expect(find(10, () => true)).rejects.toThrow("among 1");
    expect((await find(9, () => true)).failing.size).toBe(9);
  });
});
