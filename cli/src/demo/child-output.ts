import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { exitCodes, FatalError } from "@lastknown/shared";

const BIN = fileURLToPath(new URL("../../bin/lastknown.js", import.meta.url));

/**
 * Runs a `lastknown` command that prints JSON, and gives it. What it says goes to our standard error; it ends with
 * the signal, and with us if it is in our process group.
 *
 * @throws FatalError with the command's own exit code where it failed
 */
export async function jsonOf<Answer>(args: readonly string[], signal: AbortSignal): Promise<Answer> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const abort = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", abort, { once: true });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
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
