import { describe, expect, test } from "@jest/globals";
import { parseHistogram, spreadOfHistogram, sumOf } from "./histogram.js";
import { spreadOf } from "./percentiles.js";
import { budgetHeld, figureLines } from "./print-figures.js";
import { delaysUntilVisible } from "./visibility.js";

describe("the delay until a record is visible", () => {
  const sights = new Map([
    [
      3,
      [
        { seenAtMs: 1000, progress: 5 },
        { seenAtMs: 1010, progress: 6 },
        { seenAtMs: 1050, progress: 20 },
      ],
    ],
  ]);

  test("ends at the first look at which the bucket's progress was past it", () => {
    const records = [4, 5, 6, 19].map((offset) => ({ bucket: 3, offset, dueAtMs: 990 }));
    expect(delaysUntilVisible(records, sights)).toEqual([10, 20, 60, 60]);
  });

  test("of a record that was never seen is not told, so that it is missing from the count", () => {
    const records = [
      { bucket: 3, offset: 20, dueAtMs: 990 },
      { bucket: 4, offset: 0, dueAtMs: 990 },
    ];
    expect(delaysUntilVisible(records, sights)).toEqual([]);
  });
});

describe("a spread", () => {
  test("has percentiles that were really measured", () => {
    const spread = spreadOf(Array.from({ length: 200 }, (_, index) => 200 - index));
    expect(spread).toEqual({ count: 200, mean: 100.5, p50: 100, p95: 190, p99: 198, max: 200 });
    expect(spreadOf([])).toBeUndefined();
  });

  test("of histograms of several processes takes the upper bounds of their buckets", () => {
    const text = (low: number, high: number): string =>
      [
        "# TYPE h_seconds histogram",
        `h_seconds_bucket{le="0.001"} ${low}`,
        `h_seconds_bucket{le="0.01"} ${low + high}`,
        `h_seconds_bucket{le="+Inf"} ${low + high}`,
        `h_seconds_sum ${low * 0.0005 + high * 0.005}`,
        `h_seconds_count ${low + high}`,
        "h_seconds_other_bucket 9",
      ].join("\n");
    const spread = spreadOfHistogram(
      sumOf([text(90, 0), text(6, 4)].map((one) => parseHistogram(one, "h_seconds"))),
    );
    expect(spread).toMatchObject({ count: 100, p50: 1, p95: 1, p99: 10, max: undefined });
    expect(spread?.mean).toBeCloseTo(0.68);
  });
});

describe("the budget", () => {
  const spread = { count: 10, mean: 1, p50: 1, p95: 1, p99: 1, max: 1999 };
  const measured = {
    processing: undefined,
    visible: spread,
    due: "append" as const,
    records: 10,
    lookEveryMs: 12,
  };

  test("is held only if every record was seen within it", () => {
    expect(budgetHeld(measured)).toBe(true);
    expect(budgetHeld({ ...measured, visible: { ...spread, max: 2001 } })).toBe(false);
    expect(budgetHeld({ ...measured, records: 11 })).toBe(false);
    expect(figureLines({ ...measured, records: 11 }).join("\n")).toContain("NOT held (10 of 11 seen)");
  });

  test("lines fit a terminal of 80 columns", () => {
    const wide = { ...spread, mean: 1234.5, p50: 12_345, max: 99_999 };
    for (const line of figureLines({ ...measured, due: "planned arrival", visible: wide, processing: wide }))
      expect(line.length).toBeLessThanOrEqual(80);
  });
});
