// `npm run bench`: sets up all that is needed, then measures.

import { bootstrap } from "./bootstrap.mjs";
import { StepError } from "./run-quietly.mjs";
import { say } from "./say.mjs";

try {
  await bootstrap();
  // Only now there are packages that it can import.
  await import("../bench/run.mjs");
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
