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
  expect(rowOf("replay → broker", told(["wire"]))).toEqual(["108 / 120 / 144", "108 / 120 / 144", "-"]);
  expect(rowOf("replay → broker", told(["wire"], [1]))).toEqual(["120", "120", "-"]);
  expect(rowOf("events topic", told(["wire"], [1]))).toEqual(["120", "120", "70.0"]);
});

test("so is what an answer of a view takes, by its size", () => {
  const lines = told(["growth"]);
  const p99 = lines.slice(lines.findIndex((line) => line.startsWith("ms, p99")));
  expect(rowOf("lmdb: 1 user × 1,000, late: hour", p99)[0]).toBe("0.360 / 0.400 / 0.480");
});

test("what is counted is told in whole numbers", () => {
  expect(rowOf("users whose newest Redis lacks", told(["burst"]))).toEqual(["0", "0", "0", "0"]);
});

test("each part of growth says what else the machine did", () => {
  expect(told(["growth"]).filter((line) => line.startsWith("meanwhile"))).toHaveLength(4);
});

describe("how far a drain is from the floor", () => {
  const title = "CPU µs, broker for an event to produce and consume";

  it("is told where both were measured in one session", () => {
    expect(rowOf(title, told(["drain", "floor"]))).toEqual([
      "3.60 / 4.00 / 4.80",
      "2.00 / 2.00 / 2.00",
      "2.00 ×",
    ]);
    // 50,000 events of 500 bytes a second.
    expect(rowOf("MB/s, moved to loopback", told(["drain", "floor"], [1]))).toEqual([
      "23.8",
      "1,500",
      "1.59 %",
    ]);
  });

  it.each(["scaling", "peers"])("takes one worker's drain of %s where there is no other", (phase) => {
    expect(rowOf(title, told([phase, "floor"], [1]))).toEqual(["4.00", "2.00", "2.00 ×"]);
  });

  it("is not told without a drain", () => {
    expect(told(["floor"]).join("\n")).not.toContain("How far");
  });
});

test("what is told of a worker at rest is of each", () => {
  expect(rowOf("% of a core, worker ×2", told(["idle"], [1]))).toEqual(["4.00", "4.00", "4.00"]);
  expect(rowOf("% of a core, each, worker ×2", told(["idle"], [1]))).toEqual([
    "2.00",
    "2.00",
    "2.00",
    "≤ 0.5",
  ]);
});

test("answers that were offered at even moments say so, and what had none", () => {
  const lines = reportLines(resultsOf(["answers"], [1], { ask: 10_000 }));
  expect(lines.join("\n")).toContain("10,000 questions/s at even moments");
  expect(rowOf("without an answer, latest", lines)).toEqual(["3", "3", "3"]);
  expect(rowOf("answers/s, latest", lines)).toEqual(["900", "900", "900", "≥ 10,000"]);
  expect(told(["answers"]).join("\n")).not.toContain("without an answer");
});

test("each figure of a peer has its least, median and greatest, and ratios are within a run", () => {
  const lines = told(["peers"]);
  expect(rowOf("events/s, plain", lines)).toEqual(["1,125", "1,250", "1,500"]);
  expect(rowOf("broker µs/event, lastknown", lines)).toEqual(["3.60", "4.00", "4.80"]);
  expect(rowOf("all µs to ours, plain", lines)).toEqual(["40.0", "40.0", "40.0"]);
  expect(lines.join("\n")).not.toContain("events/s, streams");
});

test("every delay is held against its rate's target, from plan and from append", () => {
  const lines = told(["latency"], [1]);
  const at5000 = lines.slice(lines.findIndex((line) => line.startsWith("Latency: 5,000")));
  expect(rowOf("ms from plan until latest over HTTP, p50", at5000)[3]).toBe("≤ 3");
  expect(rowOf("ms from append until Redis, p99", at5000)[3]).toBe("≤ 15");
  expect(rowOf("ms from plan until Redis, p50", lines)).toHaveLength(3);
});

test("a worker's memory in a burst is held against the drain's of the same session", () => {
  const title = "MB at most without mapped files, worker ×2";
  expect(rowOf(title, told(["burst"], [1]))[3]).toBe("as in a drain");
  expect(rowOf(title, told(["drain", "burst"], [1, 2]))[3]).toBe("≤ 100, as in the drain");
});

test("growth tells how many times as much things are at the greatest size as at the least", () => {
  const lines = told(["growth"]);
  const times = lines.slice(lines.findIndex((line) => line.startsWith("How many times as much")));
  const cells = (title: string): string[] => rowOf(title, times);
  const view = ["3.00 ×", "2.10 ×", ...Array<string>(6).fill("1.00 ×")];
  expect(cells("a view, by users")).toEqual(["10", "1,000", ...view]);
  expect(cells("a view, by arrivals of each user")).toEqual(["10", "1,000", ...view]);
  // Its answers take as long at 1,000 users as at 50,000; 64 times as long with 64 partitions as with one.
  expect(cells("the fleet, by users")).toEqual([
    "1,000",
    "50,000",
    "1.57 ×",
    "1.00 ×",
    "1.00 ×",
    "-",
    "-",
    "1.00 ×",
    "-",
    "-",
  ]);
  expect(cells("the fleet, by partitions")).toEqual([
    "1",
    "64",
    "-",
    "1.00 ×",
    "64.0 ×",
    "-",
    "-",
    "64.0 ×",
    "-",
    "-",
  ]);
});
