import { describe, expect, it } from "@jest/globals";
import { printTime } from "@lastknown/shared";
import { TimeReader } from "./time-reader.js";
import { Zone } from "./zone.js";

function read(text: string, zone?: string): string {
  const time = new TimeReader("t", {
    unit: "auto",
    zone: zone === undefined ? undefined : new Zone(zone),
  }).read(text);
  return time.kind === "time" ? printTime(time.micros) : time.problem.reason;
}

describe("a time", () => {
  it.each([
    ["2024-03-10T12:00:00Z", undefined, "2024-03-10T12:00:00.000000Z"],
    ["1710072000", undefined, "2024-03-10T12:00:00.000000Z"],
    ["1710072000000", undefined, "2024-03-10T12:00:00.000000Z"],
    ["2024-03-10T12:00:00", undefined, "time-without-zone"],
    ["2024-03-10T12:00:00", "Europe/Madrid", "2024-03-10T11:00:00.000000Z"],
    ["2024-07-10T12:00:00.5", "Europe/Madrid", "2024-07-10T10:00:00.500000Z"],
    // The clock goes from 02:00 to 03:00 on 2024-03-31, and from 03:00 back to 02:00 on 2024-10-27.
    ["2024-03-31T01:59:59", "Europe/Madrid", "2024-03-31T00:59:59.000000Z"],
    ["2024-03-31T02:30:00", "Europe/Madrid", "local-time-missing"],
    ["2024-03-31T03:00:00", "Europe/Madrid", "2024-03-31T01:00:00.000000Z"],
    ["2024-10-27T01:59:59", "Europe/Madrid", "2024-10-26T23:59:59.000000Z"],
    ["2024-10-27T02:00:00", "Europe/Madrid", "local-time-twice"],
    ["2024-10-27T03:00:00", "Europe/Madrid", "2024-10-27T02:00:00.000000Z"],
    // Half an hour only; and a whole day that Samoa never had.
    ["2024-10-06T02:15:00", "Australia/Lord_Howe", "local-time-missing"],
    ["2011-12-30T12:00:00", "Pacific/Apia", "local-time-missing"],
    ["2015-03-08T02:30:00", "America/Chicago", "local-time-missing"],
    ["2024-01-01T00:00:00+05:30", "Europe/Madrid", "2023-12-31T18:30:00.000000Z"],
    ["", undefined, "no-time"],
    ["2024-02-30T00:00:00Z", undefined, "bad-time"],
    ["1899-12-31T23:59:59Z", undefined, "time-out-of-range"],
  ])("%j in zone %s is %s", (text, zone, expected) => {
    expect(read(text, zone)).toBe(expected);
  });

  it("is read anew when the text changes back", () => {
    const reader = new TimeReader("t", { unit: "s", zone: undefined });
    const times = ["1", "x", "1", "2"].map((text) => reader.read(text).kind);
    expect(times).toEqual(["time", "problem", "time", "time"]);
  });
});
