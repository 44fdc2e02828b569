import { randomInt } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parentToWatch, startStack } from "@lastknown/stack";
import { ServerProxies } from "../fault-tools/index.js";
import type { Scenario } from "./fault.js";
import { plannedScenarios, type PlanOptions } from "./planned-scenarios.js";
import { printCount, printResult, printSummary } from "./report.js";
import { runScenario, type ScenarioResult } from "./run-scenario.js";

export interface FaultRunnerOptions extends PlanOptions {
  /** Decides every choice; a new one by default. */
  readonly seed?: number;
  /** Messages for a person. */
  readonly say: (line: string) => void;
  /** Ends the run: it rejects with the reason once its processes have ended and its folders are removed. */
  readonly signal: AbortSignal;
}

export interface FaultRunnerResult {
  readonly seed: number;
  readonly scenarios: readonly ScenarioResult[];
}

const SEED_MAX = 2 ** 31;
const SERVERS: Scenario["servers"] = { brokers: 3, redisNodes: 6 };

/** Breaks what it was told to on servers of its own, one scenario after the other. */
export async function runFaults(options: FaultRunnerOptions): Promise<FaultRunnerResult> {
  const { say, signal, seed = randomInt(SEED_MAX) } = options;
  const planned = plannedScenarios(options);
  say(`faults with seed ${seed}: repeat them with --seed ${seed}`);
  const results: ScenarioResult[] = [];
  for (const scenario of planned) {
    const proxies = scenario.isProxied === true ? new ServerProxies({ seed }) : undefined;
    const stack = await startStack({
      directory: await mkdtemp(join(tmpdir(), "lastknown-faults-")),
      temporary: true,
      watched: parentToWatch(),
      ...(scenario.servers ?? SERVERS),
      onProgress: say,
      ...(proxies === undefined ? {} : { startProxies: proxies.start }),
    });
    Object.assign(process.env, stack.environment);
    try {
      signal.throwIfAborted();
      say(`scenario ${scenario.name}: ${printCount(scenario.faults.length, "fault")}`);
      const served = { stack, ...(proxies === undefined ? {} : { proxies }) };
      const result = await runScenario({ ...served, scenario, seed, say, signal });
      say(printResult(result));
      results.push(result);
    } finally {
      await stack.stop();
      await proxies?.close();
    }
  }
  say(printSummary(results));
  return { seed, scenarios: results };
}
