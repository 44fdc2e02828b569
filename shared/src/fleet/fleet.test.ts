import { describe, expect, test } from "@jest/globals";
import {
  fleetDifference,
  InvalidFleetRecordError,
  newFleetRecord,
  parseFleetRecord,
  printFleetRecord,
} from "./fleet-record.js";
import { RedisKeys } from "./redis-keys.js";

describe("the fleet record", () => {
  test.each([300_000_000, Infinity])("reads back what it prints (skew %d)", (skew) => {
    const record = newFleetRecord(16, skew);
    expect(parseFleetRecord(printFleetRecord(record))).toEqual(record);
  });

  test.each(["", "{}", "[]", "null", '{"id":1,"partitions":16,"max_future_skew_micros":1,"layout":1}'])(
    "refuses %j",
    (text) => expect(() => parseFleetRecord(text)).toThrow(InvalidFleetRecordError),
  );

  test("of a layout to come is refused", () => {
    const text = printFleetRecord({ ...newFleetRecord(16, 1), layout: 2 });
    expect(() => parseFleetRecord(text)).toThrow("layout 2");
  });

  test("names both sides where two records differ", () => {
    const mine = newFleetRecord(16, 1);
    expect(fleetDifference(mine, { ...mine })).toBeUndefined();
    expect(fleetDifference(mine, { ...mine, id: "other" })).toBe(`fleet id ${mine.id} here and other there`);
    expect(fleetDifference(mine, { ...mine, partitions: 8 })).toContain("16 partitions here and 8 there");
    expect(fleetDifference(mine, { ...mine, maxFutureSkew: Infinity })).toContain("max_future_skew");
  });
});

describe("Redis keys", () => {
  const keys = new RedisKeys("f");

  test("take their slot from the bucket, whatever braces the id holds", () => {
    expect(keys.state("{x}{7}", 5)).toBe("f{5}:user:{x}{7}");
    expect(keys.progress(5)).toBe("f{5}:progress");
  });

  test("put a user into the bucket of its bytes", () => {
    expect(keys.state("é")).toMatch(/^f\{\d{1,3}\}:user:é$/);
  });
});
