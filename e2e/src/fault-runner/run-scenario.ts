import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { unlessAborted } from "@lastknown/shared";
import type { RunningStack } from "@lastknown/stack";
import { CannotBeMadeError, type ServerProxies } from "../fault-tools/index.js";
import { WORKERS, type Evidence, type Fault, type Scenario } from "./fault.js";
import { FaultRun, PARTITIONS, type FaultRunOptions } from "./fault-run.js";
import { seconds } from "./faults/seconds.js";
import { judgeRun, type Judged } from "./judge-run.js";
import { Random, seedOf } from "./random.js";
import { complaintsAboutRecovery, HEALED_WITHIN_MS, printLate, standstillBoundMs } from "./recovery.js";
import { printTimes } from "./report.js";
import { longestStandstill } from "./standstill.js";

/** One fault that was made, and what it cost. */
export interface Struck extends Evidence {
  readonly fault: string;
  /**
   * The whole fault, from its beginning until the runner had mended what it broke and records were seen to flow through
   * all partitions: with the tools that it asked, and the restarts.
   */
  readonly tookSeconds: number;
  /** The longest time of these in which some partition had nothing new in Redis. */
  readonly standstillSeconds: number;
  /** How long that may have been. */
  readonly standstillBoundSeconds: number;
  /** When it was made, in ms since 1970. */
  readonly fromMs: number;
  /** How long what Redis lost by it may show. */
  readonly healedWithinMs: number;
  /** For how long all answers of a kind may fail by it. */
  readonly answersFailMs: number;
}

export interface ScenarioResult {
  readonly scenario: string;
  readonly seed: number;
  readonly planned: number;
  readonly struck: readonly Struck[];
  readonly seconds: number;
  /** A line for each thing that is wrong. */
  readonly complaints: readonly string[];
  /** How much of each thing was looked at, and right; nothing where it did not come to that. */
  readonly judged: Judged;
  readonly figures: Readonly<Record<string, number>>;
}

export interface ScenarioOptions {
  readonly stack: RunningStack;
  /** Before its servers, where the scenario wants them. */
  readonly proxies?: ServerProxies;
  readonly scenario: Scenario;
  readonly seed: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** FaultRun.start by default. */
  readonly start?: (options: FaultRunOptions) => Promise<FaultRun>;
}

/** The load's file is to be long enough for every fault that names no bound of its own. */
const SECONDS_PER_FAULT_MAX = 150;

/**
 * Makes all of a scenario's faults in an order that the seed decides, and judges what is there afterwards. What cannot
 * be started, made or judged is a complaint of the scenario.
 *
 * @throws the signal's reason once it is aborted
 */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  const { scenario, seed, say, signal, start = startRun } = options;
  const startedAtMs = performance.now();
  const faults =
    scenario.isInOrder === true
      ? scenario.faults
      : new Random(seedOf(seed, scenario.name)).shuffle(scenario.faults);
  const struck: Struck[] = [];
  const result = (
    complaints: readonly string[],
    { judged = {}, figures = {} }: Partial<Pick<ScenarioResult, "judged" | "figures">> = {},
  ): ScenarioResult => ({
    scenario: scenario.name,
    seed,
    planned: faults.length,
    struck,
    seconds: seconds(performance.now() - startedAtMs),
    complaints,
    judged,
    figures,
  });
  const secondsMax = faults.reduce((sum, fault) => sum + (fault.secondsMax ?? SECONDS_PER_FAULT_MAX), 0);
  let run: FaultRun;
  try {
    run = await start({ ...options, secondsMax });
  } catch (error) {
    signal.throwIfAborted();
    return result([`starting: ${reasonOf(error)}`]);
  }
  try {
    for (const fault of faults) {
      struck.push(await unlessAborted(signal, strike(run, fault, scenario.workers ?? WORKERS)));
    }
    say("  the faults are over: catching up, judging");
    const found = await unlessAborted(signal, judgeRun(run, struck));
    const complaints = [...complaintsAboutRecovery(struck), ...found.complaints];
    return result(complaints.length === 0 ? [] : [...complaints, await keepLogs(run)], found);
  } catch (error) {
    signal.throwIfAborted();
    return result([`${faults[struck.length]?.name ?? "judging"}: ${reasonOf(error)}`, await keepLogs(run)]);
  } finally {
    await (signal.aborted ? run.abandon() : run.close());
  }
}

async function startRun(options: FaultRunOptions): Promise<FaultRun> {
  return await FaultRun.start(options);
}

/** For a person: with the place in the code, unless it is this machine that does not allow it. */
function reasonOf(error: unknown): string {
  return error instanceof CannotBeMadeError ? error.message : inspect(error);
}

/** What the processes logged, for whoever looks for the reason. Gives where it is. */
async function keepLogs(run: FaultRun): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lastknown-fault-logs-"));
  for (const [index, { process: child }] of run.fleet.services.entries()) {
    const name = `${index}-${child.name.replaceAll(" ", "-")}.log`;
    await writeFile(join(folder, name), `${child.stderr.end(Infinity)}\n`);
  }
  return `the logs of the processes are in ${folder}`;
}

async function strike(run: FaultRun, fault: Fault, workers: number): Promise<Struck> {
  run.say(`  ${fault.name} ...`);
  run.breaksNow();
  const evidence = await fault.strike(run);
  run.load.requireRunning();
  const boundMs = standstillBoundMs(fault);
  const flow = await Promise.allSettled([run.flows(boundMs)]);
  const span = { fromMs: run.brokeAtMs, toMs: Date.now() };
  const times = {
    tookSeconds: seconds(span.toMs - span.fromMs),
    standstillSeconds: seconds(longestStandstill(run.states.progress, PARTITIONS, span)),
    standstillBoundSeconds: seconds(boundMs),
  };
  // There is nothing to go on with.
  if (flow[0].status === "rejected")
    throw new Error(printLate({ fault: fault.name, ...times }), { cause: flow[0].reason });
  run.say(`  ${fault.name}: ${evidence.seen}; ${printTimes(times)}`);
  await run.workers.fillUp(workers);
  await run.workers.settled();
  const { healedWithinMs = HEALED_WITHIN_MS, answersFailMs = 0 } = fault;
  return { ...evidence, fault: fault.name, ...times, fromMs: span.fromMs, healedWithinMs, answersFailMs };
}
