import { describe, expect, it } from "@jest/globals";
import { createMetrics, type AttributeValue } from "@lastknown/shared";
import type { Arrival } from "../arrivals/partition-batch.js";
import { ColumnCounts, COUNTED_VALUES_MAX } from "./column-counts.js";

const SERIES = /^lastknown_counted_events_total\{column="kind",value="(.*)"\} (\d+)$/gm;

/** Only what is looked at. */
const arrivalWith = (attributes: Record<string, AttributeValue>): Arrival =>
  ({ event: { attributes } }) as unknown as Arrival;
const kinds = (...values: AttributeValue[]): Arrival[] => values.map((kind) => arrivalWith({ kind }));

async function countsAfter(...batches: readonly Arrival[][]): Promise<Record<string, number>> {
  const metrics = createMetrics();
  const counts = new ColumnCounts(metrics, "kind");
  for (const batch of batches) counts.count(batch);
  const text = await metrics.text();
  return Object.fromEntries(
    [...text.matchAll(SERIES)].map(([, value = "", count]) => [value, Number(count)]),
  );
}

describe("events by the values of a column", () => {
  it("have a count per value, and one for events without", async () => {
    const first = [...kinds("bus", "tram", "bus"), arrivalWith({ other: "x" })];
    expect(await countsAfter(first, kinds("bus", true, 0.5))).toEqual({
      bus: 3,
      tram: 1,
      absent: 1,
      other: 0,
      true: 1,
      "0.5": 1,
    });
  });

  it("have no more counts than the bound, and one for all other values", async () => {
    const many = Array.from({ length: COUNTED_VALUES_MAX + 7 }, (_, index) => `kind ${index}`);
    const counts = await countsAfter(kinds(...many), kinds(...many));
    expect(Object.keys(counts)).toHaveLength(COUNTED_VALUES_MAX + 2);
    expect(counts["kind 0"]).toBe(2);
    expect(counts[`kind ${COUNTED_VALUES_MAX - 1}`]).toBe(2);
    expect(counts["other"]).toBe(14);
  });

  it("do not make a label of a long text", async () => {
    expect(await countsAfter(kinds("x".repeat(64), "y".repeat(65)))).toEqual({
      ["x".repeat(64)]: 1,
      other: 1,
      absent: 0,
    });
  });

  it("are not mistaken where a cell says other or absent itself", async () => {
    expect(await countsAfter(kinds("other", "absent", "other"))).toEqual({
      '\\"other\\"': 2,
      '\\"absent\\"': 1,
      other: 0,
      absent: 0,
    });
  });
});
