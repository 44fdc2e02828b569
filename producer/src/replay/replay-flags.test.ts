import { describe, expect, it } from "@jest/globals";
import { exitCodes } from "@lastknown/shared";
import { checkOptions, zoneOf } from "./check-options.js";
import { parseReplayFlags, REPLAY_FLAGS, type ReplayFlags } from "./replay-flags.js";

describe("the flags of replay", () => {
  it("become options", () => {
    const options = parseReplayFlags("f.csv", {
      types: "a=long,b=c=string",
      notIdentity: "poll,gateway",
      speed: "60",
      start: "2024-03-10T12:00:00Z",
      loop: true,
      maxGap: "1.5m",
      separator: "tab",
      sortMemory: "8",
    });
    expect(options).toMatchObject({
      file: "f.csv",
      notIdentity: ["poll", "gateway"],
      speed: 60,
      start: 1_710_072_000_000_000,
      turns: Infinity,
      maxGap: 90_000_000,
      separator: "\t",
      sortMemoryBytes: 8 * 1024 * 1024,
    });
    expect({ ...options.types }).toEqual({ a: "long", "b=c": "string" });
  });

  it("take a column's name that holds a comma in quotes", () => {
    const options = parseReplayFlags("f.csv", {
      types: 'a=long,"note, free=string"',
      notIdentity: '"say ""when"", then",gateway',
    });
    expect({ ...options.types }).toEqual({ a: "long", "note, free": "string" });
    expect(options.notIdentity).toEqual(['say "when", then', "gateway"]);
  });

  it.each<[ReplayFlags, string]>([
    [{ speed: "0" }, "--speed"],
    [{ speed: "fast" }, "--speed"],
    [{ rate: "-1" }, "--rate"],
    [{ timeUnit: "ns" }, "--time-unit"],
    [{ types: "a" }, "--types"],
    [{ types: "a=int" }, "--types"],
    [{ types: '"a=long' }, "--types"],
    [{ notIdentity: '"a"b' }, "--not-identity"],
    [{ notIdentity: "a\nb" }, "--not-identity"],
    [{ start: "2024-03-10 12:00" }, "--start"],
    [{ limit: "0" }, "--limit"],
    [{ loop: "x" }, "--loop"],
    [{ maxGap: "long" }, "--max-gap"],
    [{ separator: "ab" }, "--separator"],
    [{ quote: "x" }, "--quote"],
    [{ decimal: ";" }, "--decimal"],
  ])("are refused by name: %j", (flags, name) => {
    expect(() => parseReplayFlags("f.csv", flags)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(name), exitCode: exitCodes.usage }),
    );
  });

  it("are refused where they contradict each other", () => {
    for (const options of [
      { file: "-", checkpoint: "c" },
      { file: "-", turns: 2 },
      { file: "f", rate: 1, speed: 2 },
      { file: "f", rate: 1, maxGap: 2 },
      { file: "f", start: 2, end: 2 },
      { file: "./f", rejects: "f" },
    ]) {
      expect(() => checkOptions(options)).toThrow(expect.objectContaining({ exitCode: exitCodes.usage }));
    }
    expect(() => zoneOf({ file: "f", zone: "Mars/Base" })).toThrow("Mars/Base");
  });

  it("are all in the table that the command line is made of", () => {
    const names = REPLAY_FLAGS.map(([flags]) => flags.split(" ")[0]);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining(["--time-unit", "--dry-run", "--rejects", "--live", "--max-gap"]),
    );
  });
});
