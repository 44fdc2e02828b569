import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import process from "node:process";
import { exitCodes, FatalError } from "../errors/index.js";
import { silentLogger } from "../logging/index.js";
import { runUntilStopped, type RunUntilStoppedOptions } from "./run-until-stopped.js";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "uncaughtException", "unhandledRejection"];

/** Stands for the end of the process: the codes with which it would have ended, in order. */
let exits: (number | string | null | undefined)[] = [];

beforeEach(() => {
  const codes: typeof exits = [];
  exits = codes;
  jest.spyOn(process, "exit").mockImplementation((code) => {
    codes.push(code);
    return undefined as never;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  for (const signal of SIGNALS) process.removeAllListeners(signal);
});

async function exited(): Promise<number | string | null | undefined> {
  for (let turns = 0; exits.length === 0 && turns < 10_000; turns += 1) await new Promise(setImmediate);
  return exits[0];
}

interface Service {
  readonly events: string[];
  readonly options: RunUntilStoppedOptions<string>;
}

function service(part: Partial<RunUntilStoppedOptions<string>> = {}): Service {
  const events: string[] = [];
  const options: RunUntilStoppedOptions<string> = {
    start: async () => {
      events.push("started");
      return await Promise.resolve("running");
    },
    stop: async (running) => {
      events.push(`stopped ${running}`);
      await Promise.resolve();
    },
    drainDeadlineMs: 1000,
    logger: silentLogger,
    ...part,
  };
  return { events, options };
}

async function startAndSignal(
  options: RunUntilStoppedOptions<string>,
  signal: "SIGTERM" | "SIGINT",
): Promise<void> {
  void runUntilStopped(options);
  await new Promise(setImmediate);
  process.emit(signal, signal);
}

describe("runUntilStopped", () => {
  it.each([
    ["SIGTERM", exitCodes.sigterm],
    ["SIGINT", exitCodes.sigint],
  ] as const)("drains on %s and ends with %d", async (signal, code) => {
    const { events, options } = service();
    await startAndSignal(options, signal);
    expect(await exited()).toBe(code);
    expect(events).toEqual(["started", "stopped running"]);
  });

  it("ends with 1 where draining takes longer than its deadline", async () => {
    await startAndSignal(
      service({ stop: () => new Promise(() => undefined), drainDeadlineMs: 20 }).options,
      "SIGTERM",
    );
    expect(await exited()).toBe(exitCodes.failed);
  });

  it("ends with 1 where draining fails", async () => {
    await startAndSignal(service({ stop: () => Promise.reject(new Error("no")) }).options, "SIGTERM");
    expect(await exited()).toBe(exitCodes.failed);
  });

  it("ends at once on a second signal", async () => {
    const { options } = service({ stop: () => new Promise(() => undefined), drainDeadlineMs: 60_000 });
    jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick"] });
    await startAndSignal(options, "SIGTERM");
    process.emit("SIGINT", "SIGINT");
    jest.useRealTimers();
    expect(exits[0]).toBe(exitCodes.sigint);
  });

  it("ends with the error's own code where the start fails, and stops nothing", async () => {
    const failure = new FatalError("no Kafka", { fix: "start it", exitCode: exitCodes.unreachable });
    const { events, options } = service({ start: () => Promise.reject(failure) });
    void runUntilStopped(options);
    expect(await exited()).toBe(exitCodes.unreachable);
    expect(events).toEqual([]);
  });

  it("aborts a start that a signal overtakes, and stops what came of it", async () => {
    const start = (aborted: AbortSignal): Promise<string> =>
      new Promise((resolve) => aborted.addEventListener("abort", () => resolve("late")));
    const { events, options } = service({ start });
    await startAndSignal(options, "SIGTERM");
    expect(await exited()).toBe(exitCodes.sigterm);
    expect(events).toEqual(["stopped late"]);
  });

  it.each([
    ["0 where the work is done", () => Promise.resolve(), exitCodes.done],
    ["the error's code where it cannot go on", () => Promise.reject(new Error("breaker")), exitCodes.failed],
  ])("stops and ends with %s", async (_case, ended, code) => {
    const { events, options } = service({ ended });
    void runUntilStopped(options);
    expect(await exited()).toBe(code);
    expect(events).toEqual(["started", "stopped running"]);
  });

  it("drains and ends with 1 on an error that nobody caught", async () => {
    const { events, options } = service();
    void runUntilStopped(options);
    await new Promise(setImmediate);
    const thrown: NodeJS.EventEmitter = process;
    thrown.emit("uncaughtException", new TypeError("unforeseen"));
    expect(await exited()).toBe(exitCodes.failed);
    expect(events).toEqual(["started", "stopped running"]);
  });
});
