// `npm run bench`: sets up all that is needed, then measures.

import { bootstrap } from "./bootstrap.mjs";
import { interruptionOfThis } from "./interruption.mjs";
import { StepError } from "./run-quietly.mjs";
import { say } from "./say.mjs";

const interruption = interruptionOfThis();
try {
  await bootstrap(interruption);
  // Only now there are packages that it can import.
  await import("../bench/run.mjs");
} catch (error) {
  if (interruption.aborted) process.exit(interruption.reason.exitCode);
  if (!(error instanceof StepError)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
