import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseEpochTime, type EpochUnit } from "./epoch.js";
import { parseIsoTime } from "./iso-time.js";
import { EARLIEST_MICROS, LATEST_MICROS } from "./time.js";

describe("parseEpochTime", () => {
  test("reads every legal time written in any of its units, to the microsecond", () => {
    const digits: Record<Exclude<EpochUnit, "auto">, number> = { s: 6, ms: 3, us: 0 };
    fc.assert(
      fc.property(
        fc.integer({ min: EARLIEST_MICROS, max: LATEST_MICROS }),
        fc.constantFrom<"s" | "ms" | "us">("s", "ms", "us"),
        (micros, unit) => {
          const scale = 10n ** BigInt(digits[unit]);
          const magnitude = BigInt(Math.abs(micros));
          const fraction =
            digits[unit] === 0 ? "" : `.${(magnitude % scale).toString().padStart(digits[unit], "0")}`;
          const text = `${micros < 0 ? "-" : ""}${magnitude / scale}${fraction}`;
          expect(parseEpochTime(text, unit)).toEqual({ kind: "instant", micros, truncated: false });
        },
      ),
    );
  });

  test.each<[string, number]>([
    ["1700000000", 1_700_000_000_000_000],
    ["1700000000123", 1_700_000_000_123_000],
    ["1700000000123456", 1_700_000_000_123_456],
    ["86400", 86_400_000_000],
    ["-86400", -86_400_000_000],
    ["1700000000.5", 1_700_000_000_500_000],
    ["1700000000,25", 1_700_000_000_250_000],
    ["-0", 0],
  ])("tells the unit of %s by its size", (text, micros) => {
    expect(parseEpochTime(text, "auto")).toEqual({ kind: "instant", micros, truncated: false });
  });

  test.each([
    ["1.1234567", "s"],
    ["1.1234560", "s"],
    ["1123.4560", "ms"],
    ["1123456.0", "us"],
  ] as const)("cuts what is below a microsecond in %s %s and says so, whatever it was", (text, unit) => {
    expect(parseEpochTime(text, unit)).toEqual({ kind: "instant", micros: 1_123_456, truncated: true });
  });

  test.each([
    ["-0.0000001", "1969-12-31T23:59:59.9999999Z"],
    ["-1.0000010", "1969-12-31T23:59:58.9999990Z"],
    ["0.0000000", "1970-01-01T00:00:00.0000000Z"],
    ["1.1234567", "1970-01-01T00:00:01.1234567Z"],
  ])("reads %s as an ISO time of the same moment is read", (epoch, iso) => {
    expect(parseEpochTime(epoch, "s")).toEqual(parseIsoTime(iso));
  });

  test.each(["", "1e9", "abc", "0x10", "1.", "99999999999999999999"])("refuses %j", (text) => {
    expect(parseEpochTime(text, "auto").kind).toBe("invalid");
  });

  test("refuses a number that is no legal time in its unit", () => {
    expect(parseEpochTime("1700000000000", "s").kind).toBe("invalid");
  });
});
