// `npm test`: sets up all that is needed, runs every check and test, and ends with `N passed, N failed`.
//   --unit         no servers
//   --use-running  the servers named in LASTKNOWN_… instead of a stack of this run's own
// All other arguments go to jest, as a filter.

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { build, checkNodeVersion, install, root } from "./bootstrap.mjs";
import { complaintAboutEatenArguments } from "./eaten-arguments.mjs";
import { whenParentIsGone } from "./parent.mjs";
import { StepError } from "./run-quietly.mjs";
import { say } from "./say.mjs";
import { runJestProject, testFiles } from "./testing/jest-project.mjs";
import { staticChecks } from "./testing/static-checks.mjs";
import { Tally } from "./testing/tally.mjs";
import { browserEnvironment } from "./testing/test-browser.mjs";
import { startTestServers } from "./testing/test-servers.mjs";

/** Half of the time unit tests wait, for timers and child processes. */
const UNIT_WORKERS_PER_CORE = 2;
const UNIT_BOUND_MS = 8 * 60_000;
const SERVERS_BOUND_MS = 55 * 60_000;
const FAULTS_BOUND_MS = 20 * 60_000;
/** How long an interrupted run may take to stop its servers. */
const STOP_BOUND_MS = 20_000;

const tally = new Tally();
const interruption = new AbortController();
let exitCode = 0;

// A second signal ends this at once; the stack's reaper does the rest.
const interrupt = (code) => {
  if (interruption.signal.aborted) process.exit(code);
  exitCode = code;
  setTimeout(() => process.exit(code), STOP_BOUND_MS).unref();
  interruption.abort();
};
process.on("SIGINT", () => interrupt(130));
process.on("SIGTERM", () => interrupt(143));
process.on("SIGHUP", () => interrupt(129));
whenParentIsGone(() => interrupt(143));

try {
  await test(options());
} catch (error) {
  if (interruption.signal.aborted) {
    tally.check("setting up", "interrupted");
  } else {
    // Errors of the stack package carry the exit code as well.
    if (!(error instanceof StepError) && !(error?.name === "StackError")) throw error;
    tally.check("setting up", error.message);
    exitCode = error.exitCode;
  }
} finally {
  process.stdout.write(`${tally.line()}\n`);
}
process.exitCode = exitCode || (tally.failed > 0 || tally.passed === 0 ? 1 : 0);

async function test({ unit, useRunning, filter }) {
  checkNodeVersion();
  await install(interruption.signal);
  tally.check("build and types", await complaintOf(() => build(interruption.signal)));
  await staticChecks(tally);
  const before = tally.passed + tally.failed;
  if (!interruption.signal.aborted) await runUnitTests(filter);
  if (!unit && !interruption.signal.aborted) await runTestsOnServers(useRunning, filter);
  if (!unit && filter.length === 0 && !interruption.signal.aborted) await breakSome();
  if (tally.passed + tally.failed === before) tally.check("tests", "no test ran");
}

async function runUnitTests(filter) {
  tally.add(
    await runJestProject({
      project: "unit",
      filter,
      workers: String(UNIT_WORKERS_PER_CORE * availableParallelism()),
      boundMs: UNIT_BOUND_MS,
      environment: process.env,
      signal: interruption.signal,
    }),
  );
}

async function runTestsOnServers(useRunning, filter) {
  const files = await testFiles("servers", filter);
  if (files.length === 0) return;
  const browser = await browserEnvironment(files);
  const servers = await startTestServers(useRunning);
  try {
    tally.add(
      await runJestProject({
        project: "servers",
        filter,
        workers: "2",
        boundMs: SERVERS_BOUND_MS,
        environment: { ...servers.environment, ...browser },
        signal: interruption.signal,
      }),
    );
  } finally {
    await servers.stop();
  }
}

/** The part of `npm run test:faults` that every run has. Each fault that was made counts, and each scenario. */
async function breakSome() {
  const { isRight, runFaults } = await import(join(root, "e2e/dist/fault-runner/index.js"));
  const signal = AbortSignal.any([interruption.signal, AbortSignal.timeout(FAULTS_BOUND_MS)]);
  try {
    const { scenarios } = await runFaults({ short: true, say, signal });
    for (const result of scenarios) {
      tally.add({ passed: result.struck.length, failed: result.planned - result.struck.length, skipped: [] });
      tally.check(`faults: ${result.scenario}`, isRight(result) ? undefined : result.complaints.join("\n"));
    }
  } catch (error) {
    tally.check("faults", error.message);
  }
}

function options() {
  const complaint = complaintAboutEatenArguments("test", process.env);
  if (complaint !== undefined) throw new StepError(complaint, 2);
  const given = process.argv.slice(2);
  const filter = given.filter((argument) => argument !== "--unit" && argument !== "--use-running");
  return { unit: given.includes("--unit"), useRunning: given.includes("--use-running"), filter };
}

async function complaintOf(step) {
  try {
    await step();
    return undefined;
  } catch (error) {
    if (error instanceof StepError) return error.message;
    throw error;
  }
}
