// `npm run test:k8s`: sets up all that is needed, starts an API server of Kubernetes, runs the tests of the manifests
// on it, and ends with `N passed, N failed`. Its first run builds the API server. All arguments go to jest, as a filter.

import { join } from "node:path";
import { bootstrap, root } from "./bootstrap.mjs";
import { interruptionOfThis } from "./interruption.mjs";
import { StepError } from "./run-quietly.mjs";
import { say } from "./say.mjs";
import { runJestProject } from "./testing/jest-project.mjs";
import { Tally } from "./testing/tally.mjs";

const BOUND_MS = 20 * 60_000;
/** How long an interrupted run may take to stop its servers; after that their reaper does it. */
const STOP_BOUND_MS = 20_000;

const tally = new Tally();
const interruption = interruptionOfThis();
interruption.addEventListener("abort", () => {
  say(`${interruption.reason.message}: stopping`);
  setTimeout(() => end(), STOP_BOUND_MS).unref();
});

try {
  await testOnApiServer();
  if (tally.passed + tally.failed === 0) tally.check("tests", "no test ran");
} catch (error) {
  const isForeseen = error instanceof StepError || error?.name === "StackError";
  if (!interruption.aborted && !isForeseen) say(error.stack ?? String(error));
  tally.check("setting up", interruption.aborted ? "interrupted" : error.message);
  process.exitCode = error.exitCode ?? 1;
} finally {
  end();
}

async function testOnApiServer() {
  await bootstrap(interruption);
  // Only now there is something built to import.
  const { parentToWatch } = await import(join(root, "stack/dist/index.js"));
  const { startTestCluster } = await import(join(root, "deploy/dist/api-server/start-test-cluster.js"));
  const cluster = await unlessInterrupted(startTestCluster(say, parentToWatch()));
  try {
    tally.add(
      await runJestProject({
        project: "k8s",
        filter: process.argv.slice(2),
        workers: "1",
        boundMs: BOUND_MS,
        environment: { ...process.env, ...cluster.environment },
        signal: interruption,
      }),
    );
  } finally {
    await cluster.stop();
  }
}

/** A build or a start cannot be called off; whatever it has started goes with this program. */
function unlessInterrupted(promise) {
  interruption.throwIfAborted();
  return Promise.race([
    promise,
    new Promise((_resolve, reject) => {
      interruption.addEventListener("abort", () => reject(interruption.reason), { once: true });
    }),
  ]);
}

function end() {
  process.stdout.write(`${tally.line()}\n`);
  if (interruption.aborted) process.exit(interruption.reason.exitCode);
  process.exit(process.exitCode || (tally.failed > 0 || tally.passed === 0 ? 1 : 0));
}
