// `npm run test:faults`: sets up all that is needed, breaks everything on servers of its own, and says what it found.
//   --seed N      the same choices as in the run that printed N
//   --only TEXT   scenarios and faults whose name holds the text; may be given several times
//   --short       only what `npm test` breaks
//   --list        names all of them
//   --json        the result, on standard output

import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap, root } from "./bootstrap.mjs";
import { complaintAboutEatenArguments } from "./eaten-arguments.mjs";
import { interruptionOfThis } from "./interruption.mjs";
import { StepError } from "./run-quietly.mjs";
import { say } from "./say.mjs";

const interruption = interruptionOfThis();
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
  const { seed, only, short, list, json } = options();
  await bootstrap(interruption);
  // Only now there is something built to import.
  const { isRight, plannedScenarios, runFaults } = await import(join(root, "e2e/dist/fault-runner/index.js"));
  if (list) {
    for (const { name, faults } of plannedScenarios({ only, short })) {
      for (const fault of faults) process.stdout.write(`${name}: ${fault.name}\n`);
    }
    return;
  }
  const seeded = seed === undefined ? {} : { seed };
  const result = await runFaults({ ...seeded, only, short, say, signal: interruption });
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.scenarios.every(isRight) ? 0 : 1;
}

function options() {
  const complaint = complaintAboutEatenArguments("test:faults", process.env);
  if (complaint !== undefined) throw new StepError(complaint, 2);
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      short: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const seed = values.seed === undefined ? undefined : Number(values.seed);
  if (seed !== undefined && !Number.isSafeInteger(seed))
    throw new StepError("--seed takes a whole number", 2);
  return { ...values, seed };
}
