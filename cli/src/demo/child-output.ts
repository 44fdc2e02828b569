import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { exitCodes, FatalError } from "@lastknown/shared";
import { spawnHeld } from "@lastknown/stack";

const BIN = fileURLToPath(new URL("../../bin/lastknown.js", import.meta.url));

export interface ChildOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told the pid before the command does anything, so that whoever cleans up knows it. */
  readonly onPid: (pid: number) => void;
}

/**
 * Runs a `lastknown` command that prints JSON, in a process group of its own, and gives what it printed. What it
 * says goes to our standard error.
 *
 * @throws FatalError where it failed
 */
export async function jsonOf<Answer>(
  args: readonly string[],
  { signal, onPid }: ChildOptions,
): Promise<Answer> {
  const held = {
    command: process.execPath,
    args: [BIN, ...args],
    stdout: "pipe",
    stderr: "inherit",
  } as const;
  const child = spawnHeld(held, onPid);
  const abort = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", abort, { once: true });
  const output: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  const [exitCode] = (await once(child, "close")) as [number | null];
  signal.removeEventListener("abort", abort);
  if (exitCode !== exitCodes.done && exitCode !== exitCodes.rejected) {
    throw new FatalError(`lastknown ${args[0] ?? ""} ended with ${exitCode ?? "a signal"}`, {
      fix: "see what it said above",
      exitCode: exitCode === exitCodes.usage ? exitCodes.usage : exitCodes.failed,
    });
  }
  return JSON.parse(Buffer.concat(output).toString()) as Answer;
}
