// `npm run demo`: sets up all that is needed, then runs `lastknown demo` and goes with it.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { bootstrap, root } from "./bootstrap.mjs";
import { complaintAboutEatenArguments } from "./eaten-arguments.mjs";
import { interruptionOfThis } from "./interruption.mjs";
import { StepError } from "./run-quietly.mjs";
import { say } from "./say.mjs";

/** How long the demo may take to stop its servers when nobody waits for it any more. */
const STOP_BOUND_MS = 20_000;

const complaint = complaintAboutEatenArguments("demo", process.env);
if (complaint !== undefined) {
  say(complaint);
  process.exit(2);
}

const interruption = interruptionOfThis();
try {
  await bootstrap(interruption);
  process.exitCode = await runDemo(process.argv.slice(2));
} catch (error) {
  if (interruption.aborted) process.exit(interruption.reason.exitCode);
  if (!(error instanceof StepError)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}

/** @returns {Promise<number>} the demo's exit code; 128 + signal where one ended it */
function runDemo(args) {
  interruption.throwIfAborted();
  const child = spawn(process.execPath, [join(root, "cli/bin/lastknown.js"), "demo", ...args], {
    stdio: "inherit",
  });
  const pass = (signal) => child.kill(signal);
  process.on("SIGTERM", pass);
  process.on("SIGHUP", pass);
  // A terminal sends Ctrl-C to the demo as well; passed on again it would count as the second one.
  process.on("SIGINT", (signal) => {
    if (!process.stdin.isTTY) pass(signal);
  });
  interruption.addEventListener("abort", () => {
    if (!interruption.reason.isOrphaned) return;
    pass("SIGTERM");
    setTimeout(() => pass("SIGKILL"), STOP_BOUND_MS).unref();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
