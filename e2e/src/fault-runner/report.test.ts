import { describe, expect, it } from "@jest/globals";
import { isRight, printResult } from "./report.js";
import type { ScenarioResult, Struck } from "./run-scenario.js";

const struck: Struck = {
  fault: "kill -9 of a worker",
  seen: "others had its partitions after 6 s",
  tookSeconds: 83.3,
  standstillSeconds: 4.7,
  standstillBoundSeconds: 63,
  fromMs: 0,
  healedWithinMs: 10_000,
  answersFailMs: 0,
};
const right: ScenarioResult = {
  scenario: "workers",
  seed: 1,
  planned: 1,
  struck: [struck],
  seconds: 100,
  complaints: [],
  judged: { audit: { checked: 10, right: 10 }, commits: { checked: 3, right: 3 } },
  figures: { rows: 10 },
};

it("a scenario is right where every planned fault was made and nothing is complained about", () => {
  expect(isRight(right)).toBe(true);
  expect(isRight({ ...right, planned: 2 })).toBe(false);
  expect(isRight({ ...right, struck: [] })).toBe(false);
  expect(isRight({ ...right, complaints: ["audit: 1 of 2 right"] })).toBe(false);
});

describe("what is printed of a scenario", () => {
  it("tells what each fault cost, and how much was judged", () => {
    expect(printResult(right).split("\n")).toEqual([
      "PASS workers: 1 of 1 fault made, 100 s",
      "  kill -9 of a worker (took 83.3 s in all; records stood still for 4.7 s at most, of 63 s allowed): others had its partitions after 6 s",
      "  judged: audit 10/10, commits 3/3",
      "  rows 10",
    ]);
  });

  it("tells what is wrong, and that nothing was judged where it did not come to that", () => {
    const late = { ...right, planned: 2, complaints: ["starting: no"], judged: {}, figures: {} };
    expect(printResult(late).split("\n")).toEqual([
      "FAIL workers: 1 of 2 faults made, 100 s",
      expect.stringContaining("took 83.3 s"),
      "  judged: nothing",
      "  WRONG starting: no",
    ]);
  });
});
