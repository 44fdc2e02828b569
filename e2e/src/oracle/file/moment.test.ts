import { describe, expect, it } from "@jest/globals";
import { parseMoment, printMoment } from "./moment.js";

describe("parseMoment", () => {
  it("reads ISO 8601 with Z or an offset to the microsecond", () => {
    expect(parseMoment("1970-01-01T00:00:00Z", "auto")).toBe(0n);
    expect(parseMoment("1970-01-02T00:00:01.5Z", "auto")).toBe(86_401_500_000n);
    expect(parseMoment("2000-03-01T00:00:00Z", "auto")).toBe(951_868_800_000_000n);
    expect(parseMoment("2000-02-29T18:30:00.000001-05:30", "auto")).toBe(951_868_800_000_001n);
    expect(parseMoment("1970-01-01 01:00:00.1234567+01:00", "auto")).toBe(123_456n);
    expect(parseMoment("1969-12-31T23:59:59.999999Z", "auto")).toBe(-1n);
  });

  it("tells ….67886Z from ….678861Z", () => {
    const [shorter, longer] = ["2024-03-10T06:00:00.67886Z", "2024-03-10T06:00:00.678861Z"].map((text) =>
      parseMoment(text, "auto"),
    );
    expect((longer ?? 0n) - (shorter ?? 0n)).toBe(1n);
  });

  it("reads numbers by their unit, or by their size", () => {
    expect(parseMoment("1712349447", "s")).toBe(1_712_349_447_000_000n);
    expect(parseMoment("1630589706147", "ms")).toBe(1_630_589_706_147_000n);
    expect(parseMoment("1630589706147", "auto")).toBe(1_630_589_706_147_000n);
    expect(parseMoment("1630589706147001", "auto")).toBe(1_630_589_706_147_001n);
    expect(parseMoment("1.5", "s")).toBe(1_500_000n);
    expect(parseMoment("-1", "us")).toBe(-1n);
  });

  it("refuses what is no moment, has no zone, or lies outside the legal years", () => {
    const wrong = ["", "soon", "2024-03-10T06:00:00", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z"];
    wrong.push(
      "2024-03-10T24:00:00Z",
      "2024-03-10T06:00:60Z",
      "1899-12-31T23:59:59Z",
      "2100-01-01T00:00:01Z",
    );
    for (const text of wrong) expect(parseMoment(text, "auto")).toBeUndefined();
    expect(parseMoment("1900-01-01T00:00:00Z", "auto")).toBe(-2_208_988_800_000_000n);
    expect(parseMoment("2100-01-01T00:00:00Z", "auto")).toBe(4_102_444_800_000_000n);
  });
});

describe("printMoment", () => {
  it("prints six fraction digits, before 1970 too", () => {
    expect(printMoment(0n)).toBe("1970-01-01T00:00:00.000000Z");
    expect(printMoment(-1n)).toBe("1969-12-31T23:59:59.999999Z");
    expect(printMoment(951_868_799_999_999n)).toBe("2000-02-29T23:59:59.999999Z");
  });

  it("agrees with the calendar of Date on every day of the legal years", () => {
    for (let day = -25_567; day <= 47_482; day += 1) {
      const moment = BigInt(day) * 86_400_000_000n;
      const expected = `${new Date(day * 86_400_000).toISOString().slice(0, -1)}000Z`;
      if (printMoment(moment) !== expected) expect(printMoment(moment)).toBe(expected);
      if (parseMoment(expected, "auto") !== moment) expect(parseMoment(expected, "auto")).toBe(moment);
    }
    expect(printMoment(BigInt(47_482) * 86_400_000_000n)).toBe("2100-01-01T00:00:00.000000Z");
  });
});
