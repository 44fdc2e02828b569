import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseIsoTime } from "./iso-time.js";
import { EARLIEST_MICROS, isLegalTime, LATEST_MICROS, printTime, type ParsedTime } from "./time.js";

const micros = fc.integer({ min: EARLIEST_MICROS, max: LATEST_MICROS });

function instant(text: string): number {
  const parsed = parseIsoTime(text);
  if (parsed.kind !== "instant") throw new Error(`${text}: ${JSON.stringify(parsed)}`);
  return parsed.micros;
}

describe("parseIsoTime", () => {
  test("is the inverse of printTime for every legal microsecond, before 1970 too", () => {
    fc.assert(
      fc.property(micros, (time) => {
        expect(parseIsoTime(printTime(time))).toEqual({ kind: "instant", micros: time, truncated: false });
      }),
    );
  });

  test("reads what printTime prints, which is what Date prints and three digits more", () => {
    fc.assert(
      fc.property(micros, (time) => {
        const printed = new Date(Math.floor(time / 1000)).toISOString();
        expect(printTime(time).slice(0, -4)).toBe(printed.slice(0, -1));
      }),
    );
  });

  test("reads the same moment however its offset is written", () => {
    const expected = Date.UTC(2024, 2, 10, 12) * 1000;
    for (const text of [
      "2024-03-10T12:00:00Z",
      "2024-03-10 12:00:00z",
      "2024-03-10T12:00Z",
      "2024-03-10T14:00:00.000+02:00",
      "2024-03-10T14:00:00+0200",
      "2024-03-10T14:00:00 +02",
      "2024-03-10T06:30:00-05:30",
    ]) {
      expect([text, instant(text)]).toEqual([text, expected]);
    }
  });

  test("keeps fractions of 1 to 6 digits exactly, so that more digits are not a later time", () => {
    expect(instant("2024-03-10T12:00:00.67886Z")).toBe(instant("2024-03-10T12:00:00.678860Z"));
    expect(instant("2024-03-10T12:00:00.678861Z") - instant("2024-03-10T12:00:00.67886Z")).toBe(1);
    expect(instant("2024-03-10T12:00:00,5Z") - instant("2024-03-10T12:00:00Z")).toBe(500_000);
  });

  test.each(["9999999", "9999990"])("cuts digits below a microsecond in .%s and says so", (fraction) => {
    expect(parseIsoTime(`1969-12-31T23:59:59.${fraction}Z`)).toEqual({
      kind: "instant",
      micros: -1,
      truncated: true,
    });
  });

  test("gives a time without zone as local", () => {
    expect(parseIsoTime("1970-01-01T00:00:01.5")).toEqual({
      kind: "local",
      local: 1_500_000,
      truncated: false,
    });
    expect(parseIsoTime("1970-01-02")).toEqual({ kind: "local", local: 86_400_000_000, truncated: false });
  });

  test.each<[string, string]>([
    ["2023-02-29T00:00:00Z", "no such date or time of day"],
    ["2024-13-01T00:00:00Z", "no such date or time of day"],
    ["2024-01-00T00:00:00Z", "no such date or time of day"],
    ["2024-01-01T24:00:00Z", "no such date or time of day"],
    ["2024-01-01T00:00:60Z", "no such date or time of day"],
    ["0099-01-01T00:00:00Z", "no such date or time of day"],
    ["2024-01-01T00:00:00+24:00", "no such offset from UTC"],
    ["1899-12-31T23:59:59.999999Z", "outside 1900-01-01 to 2100-01-01"],
    ["2100-01-01T00:00:00.000001Z", "outside 1900-01-01 to 2100-01-01"],
    ["1700000000", "not an ISO 8601 time"],
    ["2024-01-01T00:00:00.Z", "not an ISO 8601 time"],
    ["yesterday", "not an ISO 8601 time"],
    ["", "not an ISO 8601 time"],
  ])("refuses %j: %s", (text, reason) => {
    expect(parseIsoTime(text)).toEqual({ kind: "invalid", reason });
  });

  test("accepts the first and the last legal moment", () => {
    expect(instant("1900-01-01T00:00:00Z")).toBe(EARLIEST_MICROS);
    expect(instant("2100-01-01T00:00:00Z")).toBe(LATEST_MICROS);
    expect(isLegalTime(LATEST_MICROS + 1)).toBe(false);
    expect(isLegalTime(0.5)).toBe(false);
    expect(isLegalTime(Number.NaN)).toBe(false);
  });

  test("reads near-legal texts as an expression and the calendar of Date say", () => {
    const year = fc.oneof(
      fc.constantFrom("1899", "1900", "1970", "2024", "2100", "2101"),
      fc.nat(9999).map(String),
    );
    const inEachRange = { arbitrary: fc.integer({ min: 1, max: 12 }), weight: 5 };
    const two = fc.oneof(inEachRange, fc.nat(60), fc.nat(99)).map((value) => String(value).padStart(2, "0"));
    const fraction = fc.oneof(
      fc.constant(""),
      fc.tuple(fc.constantFrom(".", ","), fc.string({ unit: fc.constantFrom("0", "1", "9"), maxLength: 8 })),
    );
    const offset = fc.tuple(fc.constantFrom("+", "-"), two, fc.constantFrom(":", ""), two);
    const zone = fc.oneof(fc.constantFrom("Z", "z", "", " Z", "+02", "+02:00", "-00:00"), offset);
    const separator = fc.constantFrom("T", " ", "t");
    const whole = fc
      .tuple(year, fc.constant("-"), two, fc.constant("-"), two, separator, two, fc.constant(":"), two)
      .chain((parts) => fc.tuple(fc.constant(parts), fc.constant(":"), two, fraction, zone))
      .map((parts) => parts.flat(2).join(""));
    const nearlyWhole = fc
      .tuple(whole, fc.nat(32), fc.nat(2), fc.string({ maxLength: 2 }))
      .map(([text, at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(whole, nearlyWhole), (text) => {
        expect([text, parseIsoTime(text)]).toEqual([text, readByExpression(text)]);
      }),
      { numRuns: 3000 },
    );
  });
});

/** What parseIsoTime promises, told by other means: whole numbers of any size and a date that prints as it was read. */
function readByExpression(text: string): ParsedTime {
  const date = String.raw`(?<date>\d{4}-\d\d-\d\d)`;
  const clock = String.raw`[T ](?<minute>\d\d:\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d{1,32}))?)?`;
  const zone = String.raw` ?(?<zone>[Zz]|(?<sign>[+-])(?<hours>\d\d)(?::?(?<minutes>\d\d))?)?`;
  const parts = new RegExp(`^${date}(?:${clock})?${zone}$`).exec(text)?.groups;
  if (parts === undefined) return { kind: "invalid", reason: "not an ISO 8601 time" };
  const { minute = "00:00", second = "00", fraction = "", sign, hours = "0", minutes = "0" } = parts;
  const printed = `${parts["date"]}T${minute}:${second}.000Z`;
  const wallClock = new Date(printed);
  const isWhole = !Number.isNaN(wallClock.getTime()) && wallClock.toISOString() === printed;
  if (!isWhole || printed < "1000") return { kind: "invalid", reason: "no such date or time of day" };
  const local = BigInt(wallClock.getTime()) * 1000n + BigInt(`${fraction}000000`.slice(0, 6));
  const truncated = fraction.length > 6;
  if (parts["zone"] === undefined) return { kind: "local", local: Number(local), truncated };
  if (hours > "23" || minutes > "59") return { kind: "invalid", reason: "no such offset from UTC" };
  const ahead = BigInt(hours) * 3600n + BigInt(minutes) * 60n;
  const moment = Number(local - (sign === "-" ? -ahead : ahead) * 1_000_000n);
  if (moment < EARLIEST_MICROS || moment > LATEST_MICROS) {
    return { kind: "invalid", reason: "outside 1900-01-01 to 2100-01-01" };
  }
  return { kind: "instant", micros: moment, truncated };
}
