import { describe, expect, it } from "@jest/globals";
import { longestStandstill, standstills } from "./standstill.js";

const span = { fromMs: 1_000, toMs: 2_000 };
const moved = (bucket: number, atMs: number, offset: number) => ({
  partition: bucket % 2,
  bucket,
  atMs,
  offset,
});

describe("longestStandstill", () => {
  it("is the longest time between two moves of any bucket of a partition", () => {
    const progress = [moved(0, 1_100, 5), moved(1, 1_200, 4), moved(2, 1_500, 6), moved(3, 1_700, 4)];
    expect(longestStandstill(progress, 2, span)).toBe(500);
  });

  it("is told of each partition", () => {
    const progress = [moved(0, 1_100, 5), moved(1, 1_200, 4), moved(2, 1_500, 6), moved(3, 1_900, 4)];
    expect(standstills(progress, 2, span)).toEqual([500, 700]);
  });

  it("counts from the beginning and to the end, also for a partition that never moved", () => {
    expect(longestStandstill([moved(0, 1_600, 1), moved(1, 1_300, 1)], 2, span)).toBe(700);
    expect(longestStandstill([moved(0, 1_500, 1)], 2, span)).toBe(1_000);
  });

  it("leaves out what was seen before and after", () => {
    const progress = [moved(0, 990, 1), moved(1, 1_500, 1), moved(0, 1_600, 2), moved(0, 2_500, 3)];
    expect(longestStandstill(progress, 2, span)).toBe(600);
  });

  it("does not take for new what was lost and comes back", () => {
    const progress = [
      moved(1, 1_400, 1),
      moved(0, 990, 9),
      moved(0, 1_100, 0),
      moved(0, 1_200, 9),
      moved(0, 1_800, 10),
    ];
    expect(longestStandstill(progress, 2, span)).toBe(800);
  });
});
