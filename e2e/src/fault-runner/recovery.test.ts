import { describe, expect, it } from "@jest/globals";
import { plannedScenarios } from "./planned-scenarios.js";
import { complaintsAboutRecovery, standstillBoundMs } from "./recovery.js";

describe("how long records may stand still", () => {
  it("is what the fault says of itself, and a minute", () => {
    expect(standstillBoundMs({})).toBe(60_000);
    expect(standstillBoundMs({ standsStillMs: 30_000 })).toBe(90_000);
  });

  it("is complained about beyond, with the fault, what was seen, and the bound", () => {
    const late = { fault: "a broker that hangs", standstillSeconds: 90.1, standstillBoundSeconds: 90 };
    const inTime = { ...late, standstillSeconds: 90 };
    expect(complaintsAboutRecovery([inTime, late])).toEqual([
      "a broker that hangs: records stood still for 90.1 s, past the bound of 90 s (30 s by the fault and its time-outs, 60 s to recover)",
    ]);
  });

  it("is no more than two minutes after any fault, but those that last for longer themselves", () => {
    const faults = plannedScenarios({}).flatMap((scenario) => scenario.faults);
    const long = faults.filter((fault) => standstillBoundMs(fault) > 120_000).map(({ name }) => name);
    expect(long).toEqual(["all Redis nodes hang for 5 min"]);
  });
});
