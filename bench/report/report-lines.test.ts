import { describe, expect, it, test } from "@jest/globals";
import { PHASES } from "../options.mjs";
import { reportLines } from "./report-lines.mjs";
import { resultsOf } from "./test-results.js";

const FACTORS = [1, 1.2, 0.9];

function told(phases: readonly string[], factors: readonly number[] = FACTORS): string[] {
  return reportLines(resultsOf(phases, factors));
}

/** Its cells, without the title. */
function rowOf(title: string, lines: readonly string[]): string[] {
  const line = lines.find((each) => each.startsWith(`${title}  `))!;
  return line.slice(title.length).trim().split(/ {2,}/);
}

describe.each(PHASES)("what is told of %s", (phase) => {
  it.each([1, 3])("is in words and figures alone, with %d runs", (count) => {
    const text = told([phase], FACTORS.slice(0, count)).join("\n");
    expect(text.match(/.*(?:NaN|undefined|Infinity|null|\[object).*/)?.[0]).toBeUndefined();
  });

  it("says what else the machine did, and has the least, the median and the greatest", () => {
    const lines = told([phase]).slice(told([]).length);
    expect(lines.filter((line) => line.includes("meanwhile other programs took"))).not.toEqual([]);
    expect(lines.some((line) => /\bmin +median +max\b|min \/ median \/ max/.test(line))).toBe(true);
  });
});

test("a figure has the least, the median and the greatest of the runs", () => {
  expect(rowOf("rows/s", told(["drain"]))).toEqual(["45,000", "50,000", "60,000", "≥ 200,000"]);
});

test("a machine that is not at rest is told before all figures", () => {
  const results = resultsOf([], []);
  const lines = (busyBefore: number): string[] =>
    reportLines({ ...results, machine: { ...(results["machine"] as object), busyBefore } });
  expect(lines(0.02).join("\n")).not.toContain("NOT AT REST");
  expect(lines(0.6)[2]).toMatch(/60 % of the machine busy.*NOT AT REST/);
});

test("bytes on the wire are told so for each codec", () => {
  expect(rowOf("replay → broker", told(["wire"]))).toEqual(["108 / 120 / 144", "108 / 120 / 144"]);
  expect(rowOf("replay → broker", told(["wire"], [1]))).toEqual(["120", "120"]);
});

test("so is what an answer of a view takes, by its size", () => {
  const lines = told(["growth"]);
  const p99 = lines.slice(lines.findIndex((line) => line.startsWith("ms, p99")));
  expect(rowOf("lmdb: 1 user × 10,000, late: hour", p99)[0]).toBe("0.360 / 0.400 / 0.480");
});

test("what is counted is told in whole numbers", () => {
  expect(rowOf("users whose newest Redis lacks", told(["burst"]))).toEqual(["0", "0", "0", "0"]);
});

test("each part of growth says what else the machine did", () => {
  expect(told(["growth"]).filter((line) => line.startsWith("meanwhile"))).toHaveLength(4);
});
