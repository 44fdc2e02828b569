import { runCommand } from "@lastknown/stack";
import { LASTKNOWN_BIN } from "./lastknown.js";

/** What a command printed and how it ended. */
export interface CommandOutput {
  readonly exitCode: number | null;
  /** Byte for byte. */
  readonly stdout: Buffer;
  readonly messages: string;
}

export interface CommandOutputOptions {
  /** Instead of, or beside, what this process has in its own. */
  readonly environment: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
}

const BOUND_MS = 120_000;

/** Runs `lastknown` to its end as a person would, whatever its exit code, and keeps every byte that it prints. */
export async function outputOf(
  args: readonly string[],
  { environment, input }: CommandOutputOptions,
): Promise<CommandOutput> {
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, [LASTKNOWN_BIN, ...args], {
    boundMs: BOUND_MS,
    env: { ...process.env, ...environment },
    ...(input === undefined ? {} : { input }),
  });
  return { exitCode, stdout, messages: stderr.toString() };
}
