// `npm run test:faults`: sets up all that is needed, breaks everything on servers of its own, and says what it found.
// Its options are in testing/fault-options.mjs.

import { join } from "node:path";
import { bootstrap, root } from "./bootstrap.mjs";
import { complaintAboutEatenArguments } from "./eaten-arguments.mjs";
import { interruptionOfThis } from "./interruption.mjs";
import { StepError } from "./run-quietly.mjs";
import { say } from "./say.mjs";
import { faultOptions, USAGE } from "./testing/fault-options.mjs";

const interruption = interruptionOfThis();
interruption.addEventListener("abort", () =>
  say(`${interruption.reason.message}: stopping the processes and servers`),
);
try {
  await breakEverything();
} catch (error) {
  if (interruption.aborted) process.exit(interruption.reason.exitCode);
  if (!(error instanceof StepError || error instanceof RangeError || error?.name === "StackError"))
    throw error;
  say(error.message);
  process.exitCode = error.exitCode ?? 2;
}

async function breakEverything() {
  const { seed, only, short, list, json, help } = options();
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  await bootstrap(interruption);
  // Only now there is something built to import.
  const { isRight, plannedScenarios, runFaults } = await import(join(root, "e2e/dist/fault-runner/index.js"));
  if (list) {
    process.stdout.write(printList(plannedScenarios({ only, short }), json));
    return;
  }
  const isAll = only.length === 0 && !short;
  if (isAll)
    say("making all faults; for some of them: npm run test:faults -- --only TEXT (npm drops it without --)");
  const seeded = seed === undefined ? {} : { seed };
  const result = await runFaults({ ...seeded, only, short, say, signal: interruption });
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.scenarios.every(isRight) ? 0 : 1;
}

function printList(scenarios, json) {
  const listed = scenarios.map(({ name, faults }) => {
    return { scenario: name, faults: faults.map((fault) => fault.name) };
  });
  if (json) return `${JSON.stringify(listed)}\n`;
  return listed.flatMap(({ scenario, faults }) => faults.map((fault) => `${scenario}: ${fault}\n`)).join("");
}

function options() {
  const complaint = complaintAboutEatenArguments("test:faults", process.env);
  if (complaint !== undefined) throw new StepError(complaint, 2);
  return faultOptions(process.argv.slice(2));
}
