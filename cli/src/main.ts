import { runCommandLine } from "./command-line.js";

const EXIT_GRACE_MS = 2000;

// A reader that has enough (`lastknown export | head`) is no failure: there is nobody left to write for.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  data: process.stdout,
  messages: process.stderr,
});
// Connections close before a command ends; should one be left open, it must not hold the shell for good.
setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
