import { describe, expect, it } from "@jest/globals";
import { parseMoment, printMoment, type Moment } from "./moment.js";
import { WallClock } from "./wall-clock.js";

const asUtc = (local: string): Moment => parseMoment(`${local}Z`, "auto") ?? 0n;

describe("a wall clock", () => {
  it.each([
    ["Europe/Madrid", "2024-07-01T12:00:00.123456", ["2024-07-01T10:00:00.123456Z"]],
    ["Europe/Madrid", "2024-01-01T12:00:00", ["2024-01-01T11:00:00.000000Z"]],
    ["Europe/Madrid", "2024-03-31T01:59:59.999999", ["2024-03-31T00:59:59.999999Z"]],
    ["Europe/Madrid", "2024-03-31T02:00:00", []],
    ["Europe/Madrid", "2024-03-31T02:59:59.999999", []],
    ["Europe/Madrid", "2024-03-31T03:00:00", ["2024-03-31T01:00:00.000000Z"]],
    ["Europe/Madrid", "2024-10-27T02:30:00", ["2024-10-27T00:30:00.000000Z", "2024-10-27T01:30:00.000000Z"]],
    ["Europe/Madrid", "2024-10-27T03:00:00", ["2024-10-27T02:00:00.000000Z"]],
    ["Australia/Lord_Howe", "2024-10-06T02:15:00", []],
    ["Australia/Lord_Howe", "2024-10-06T02:30:00", ["2024-10-05T15:30:00.000000Z"]],
    ["Asia/Kathmandu", "2024-01-01T00:00:00", ["2023-12-31T18:15:00.000000Z"]],
    ["Pacific/Apia", "2011-12-30T12:00:00", []],
    ["Africa/Monrovia", "1950-01-01T00:00:00", ["1950-01-01T00:44:30.000000Z"]],
    ["UTC", "1969-12-31T23:59:59.999999", ["1969-12-31T23:59:59.999999Z"]],
  ])("in %s shows %s at %j", (zone, local, moments) => {
    expect(new WallClock(zone).momentsAt(asUtc(local)).map(printMoment).sort()).toEqual(moments);
  });
});
