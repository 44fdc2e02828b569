import { describe, expect, it } from "@jest/globals";
import { plannedScenarios } from "./planned-scenarios.js";

const namesOf = (only: readonly string[], short = false): string[] =>
  plannedScenarios({ only, short }).flatMap(({ name, faults }) =>
    faults.map((fault) => `${name}: ${fault.name}`),
  );

describe("the faults that are planned", () => {
  it("are all that there are, where none is named", () => {
    expect(plannedScenarios({}).length).toBe(9);
    expect(namesOf([], true).length).toBeLessThan(namesOf([]).length);
  });

  it("are those whose name holds the text, in capitals or not", () => {
    expect(namesOf(["between AUDIT and redis"])).toEqual([
      "workers: kill -9 of a worker between audit and Redis",
    ]);
  });

  it("are those of one scenario where a text is its whole name, in capitals or not", () => {
    expect(namesOf(["Redis"])).toEqual(namesOf(["redis"]));
    expect(namesOf(["redis"]).every((name) => name.startsWith("redis: "))).toBe(true);
  });

  it("are refused where a text is in no name, though others are", () => {
    expect(() => plannedScenarios({ only: ["redis", "elephant", "Tiger"] })).toThrow(
      new RangeError('nothing has a name with "elephant" or "Tiger"; see --list'),
    );
  });

  it("are refused where a text is only in names that are left out", () => {
    expect(() => plannedScenarios({ only: ["redis", "clock"], short: true })).toThrow(
      new RangeError('nothing that npm test breaks has a name with "clock"; see --list'),
    );
  });
});
