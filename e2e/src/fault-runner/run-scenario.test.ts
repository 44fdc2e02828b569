import { rm } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";
import { CannotBeMadeError } from "../fault-tools/index.js";
import type { Fault } from "./fault.js";
import type { FaultRun } from "./fault-run.js";
import { isRight } from "./report.js";
import { runScenario, type ScenarioOptions, type ScenarioResult } from "./run-scenario.js";

const fault = (name: string, strike: Fault["strike"]): Fault => ({ name, inEveryTest: false, strike });
const never = fault("one", () => Promise.reject(new Error("is not made")));

function scenarioOf(
  faults: readonly Fault[],
  more: Pick<ScenarioOptions, "start"> & Partial<ScenarioOptions>,
): Promise<ScenarioResult> {
  const stack = {} as ScenarioOptions["stack"];
  const signal = new AbortController().signal;
  return runScenario({
    stack,
    scenario: { name: "some", faults },
    seed: 1,
    say: () => undefined,
    signal,
    ...more,
  });
}

/** A run of which nothing but its end is needed. */
function runThatCloses(close: () => Promise<void>): FaultRun {
  const run = { say: () => undefined, breaksNow: () => undefined, fleet: { services: [] }, close };
  return run as unknown as FaultRun;
}

describe("a scenario", () => {
  it("fails with the reason where it cannot be started", async () => {
    const start = () => Promise.reject(new CannotBeMadeError("a full disk", "mount says: no"));
    const result = await scenarioOf([never, never], { start });
    expect(result).toMatchObject({ planned: 2, struck: [] });
    expect(result.complaints).toEqual(["starting: a full disk cannot be made here: mount says: no"]);
    expect(isRight(result)).toBe(false);
  });

  it("rejects with the reason of an interruption, also while it starts", async () => {
    const interruption = new AbortController();
    const start = (): Promise<never> => {
      interruption.abort(new Error("interrupted"));
      return Promise.reject(new Error("whatever broke by it"));
    };
    const running = scenarioOf([never], { start, signal: interruption.signal });
    await expect(running).rejects.toThrow("interrupted");
  });

  it("fails where a fault had no effect, with its name, and is closed", async () => {
    let closed = 0;
    const start = () => Promise.resolve(runThatCloses(() => Promise.resolve(void closed++)));
    const vain = fault("a fault in vain", () => Promise.reject(new Error("had no effect")));
    const result = await scenarioOf([vain], { start });
    expect(result).toMatchObject({ planned: 1, struck: [] });
    expect(result.complaints[0]).toMatch(/^a fault in vain: Error: had no effect/);
    expect(isRight(result)).toBe(false);
    expect(closed).toBe(1);
    const logs = /the logs of the processes are in (.+)/.exec(result.complaints[1] ?? "")?.[1] ?? "";
    await rm(logs, { recursive: true });
  });
});
