import { describe, expect, test } from "@jest/globals";
import { Looks } from "./lag-for-test.js";

/** How fast records come, and are done: per second, at a second of the clock. */
interface Stream {
  readonly comes: (second: number) => number;
  readonly isDone: (second: number) => number;
  /** Of the worker's commits; half a second, and the time of a batch. */
  readonly commitSeconds?: number;
  readonly lookSeconds?: number;
  readonly forSeconds: number;
}

const STEP = 0.01;
const RATE = 100;
const asRate = () => RATE;
/** It works this much faster than records come, where many wait. */
const FAST = 10 * RATE;

/** What is told of it, look by look; it is kept up with before. */
function told({ comes, isDone, commitSeconds = 0.6, lookSeconds = 1, forSeconds }: Stream): string[] {
  const looks = new Looks();
  const kinds: string[] = [];
  let [end, done, committed] = [0, 0, 0];
  let [committedAt, lookedAt] = [0, 0];
  for (let second = 0; second < forSeconds; second += STEP) {
    end += comes(second) * STEP;
    done = Math.min(end, done + isDone(second) * STEP);
    if (second - committedAt >= commitSeconds && done > committed) [committed, committedAt] = [done, second];
    if (second - lookedAt < lookSeconds) continue;
    lookedAt = second;
    looks.seconds = second;
    looks.look(Math.floor(committed), Math.floor(end));
    kinds.push(looks.kind);
  }
  return kinds;
}

describe("the pace of a partition, as it is told", () => {
  test.each([
    ["each second", 1, 0.6],
    ["five times a second", 0.2, 0.6],
    ["now and then", 4.7, 0.6],
    ["by commits that come late", 1, 1.4],
  ])("is nothing where the workers keep up, watched %s", (_how, lookSeconds, commitSeconds) => {
    const kinds = told({ comes: asRate, isDone: () => FAST, lookSeconds, commitSeconds, forSeconds: 300 });
    // In the first second nothing tells.
    expect(new Set(kinds.slice(Math.ceil(1 / lookSeconds)))).toEqual(new Set(["none"]));
  });

  test("is none of falling behind where they keep up, and records come in gusts", () => {
    const gusts = (second: number): number => (second % 7 < 1.5 ? 4 * RATE : RATE / 4);
    const kinds = told({ comes: gusts, isDone: () => FAST, forSeconds: 300 });
    expect(kinds).not.toContain("falling_behind");
  });

  test.each([1, 1.9, 3, 5, 8])("is none of falling behind where they rest for %d s, and go on", (rest) => {
    for (const begin of [20, 20.3, 20.6, 20.9]) {
      const isDone = (second: number): number => (second > begin && second < begin + rest ? 0 : FAST);
      const kinds = told({ comes: asRate, isDone, forSeconds: 60 });
      expect(kinds).not.toContain("falling_behind");
    }
  });

  test("is none of falling behind where they rest again and again, as in a rolling restart", () => {
    for (const pause of [8, 12, 25]) {
      const isDone = (second: number): number => (second > 20 && second % pause < 5 ? 0 : 1.2 * RATE);
      const kinds = told({ comes: asRate, isDone, forSeconds: 60 });
      expect(kinds).not.toContain("falling_behind");
    }
  });

  test("is none at all where nothing of what waits is committed for two seconds, whatever was done before", () => {
    const comes = (second: number): number => (second < 10 ? 4 * RATE : 0);
    const kinds = told({ comes, isDone: (second) => (second > 20 ? 0 : RATE), forSeconds: 24.5 });
    expect(kinds[18]).toBe("catching_up");
    expect(kinds.slice(-2)).toEqual(["unknown", "unknown"]);
  });

  test("is none at all where nothing is committed for two seconds while records come", () => {
    const kinds = told({ comes: asRate, isDone: (second) => (second > 20 ? 0 : FAST), forSeconds: 24.5 });
    expect(kinds.slice(-2)).toEqual(["unknown", "unknown"]);
  });

  test("is one of catching up soon after nothing comes any more", () => {
    const comes = (second: number): number => (second < 20 ? 4 * RATE : 0);
    const kinds = told({ comes, isDone: () => RATE, forSeconds: 24 });
    expect(kinds.at(-1)).toBe("catching_up");
  });

  test.each([
    [0.3, 10],
    [0.5, 10],
    [0.8, 30],
    [0.9, 60],
  ])("is one of falling behind where %d of what comes is done, within %d s", (share, seconds) => {
    const kinds = told({
      comes: asRate,
      isDone: (second) => (second < 10 ? FAST : share * RATE),
      forSeconds: 100,
    });
    expect(kinds.slice(0, 12)).not.toContain("falling_behind");
    expect(kinds.slice(10 + seconds)).toContain("falling_behind");
    // Also later, and for as long as it is so.
    expect(kinds.slice(-20).filter((kind) => kind === "falling_behind").length).toBeGreaterThan(15);
  });

  test("is none of falling behind for what comes at once", () => {
    const comes = (second: number): number => (second > 20 && second < 23 ? 50 * RATE : RATE);
    const kinds = told({ comes, isDone: () => FAST, forSeconds: 60 });
    expect(kinds).not.toContain("falling_behind");
    expect(kinds).toContain("catching_up");
  });
});
