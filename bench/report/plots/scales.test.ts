import { describe, expect, it } from "@jest/globals";
import { linearScale, logScale, sizesScale, tickText } from "./scales.mjs";

const RANGE = { from: 100, to: 300 };

describe("a linear scale", () => {
  it.each([
    [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [7.3, [0, 2, 4, 6, 8]],
    [52_000, [0, 20_000, 40_000, 60_000]],
    [0, [0, 2e-10, 4e-10, 6e-10, 8e-10, 1e-9].slice(0, 2)],
  ])("goes from 0 past %d by round steps", (greatest, ticks) => {
    expect(linearScale(greatest, RANGE).ticks).toEqual(ticks);
  });

  it("has its last value at the end of its range", () => {
    const { at } = linearScale(7.3, RANGE);
    expect([at(0), at(4), at(8)]).toEqual([100, 200, 300]);
  });
});

describe("a logarithmic scale", () => {
  it("goes from one round value to another, and equal factors are equal ways", () => {
    const { at, ticks } = logScale({ least: 1, greatest: 80 }, RANGE);
    expect(ticks).toEqual([1, 2, 5, 10, 20, 50, 100]);
    expect(at(100) - at(10)).toBeCloseTo(at(10) - at(1));
  });

  it("has powers of ten alone where it is long", () => {
    expect(logScale({ least: 3, greatest: 7000 }, RANGE).ticks).toEqual([1, 10, 100, 1000, 10_000]);
  });

  it("puts what is less than its least on the axis", () => {
    expect(logScale({ least: 1, greatest: 80 }, RANGE).at(0)).toBe(100);
  });

  it.each([1, 5, 42])("has a length where all values are %d", (value) => {
    const { at, ticks } = logScale({ least: value, greatest: value }, RANGE);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(at(value)).toBeGreaterThanOrEqual(100);
    expect(at(value)).toBeLessThanOrEqual(300);
  });
});

describe("a scale of sizes", () => {
  it("goes from the first to the last, and has each of them once", () => {
    const { at, ticks } = sizesScale([10, 1000, 10, 100], RANGE);
    expect(ticks).toEqual([10, 100, 1000]);
    expect(ticks.map(at)).toEqual([100, 200, 300]);
  });

  it("takes one size alone", () => {
    expect(sizesScale([64], RANGE).at(64)).toBe(100);
  });
});

it.each([
  [0.25, "0.25"],
  [1500, "1,500"],
  [20_000, "20k"],
  [1_500_000, "1.5M"],
])("writes %d as %s", (value, text) => {
  expect(tickText(value)).toBe(text);
});
