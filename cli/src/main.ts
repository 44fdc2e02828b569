import { runCommandLine } from "./command-line.js";

const EXIT_GRACE_MS = 2000;

process.exitCode = await runCommandLine(process.argv.slice(2), {
  data: process.stdout,
  messages: process.stderr,
});
// Connections close before a command ends; should one be left open, it must not hold the shell for good.
setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
