import { type ChildProcess, spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { spawnHeld } from "./lifetime/spawn-held.js";
import { StackError } from "./stack-error.js";

/** More than this of standard output or error is cut off at the front: its end says what went wrong. */
const OUTPUT_KEPT_BYTES_MAX = 256 * 1024 * 1024;

export interface CommandOptions {
  /** The command is killed after this long. */
  readonly boundMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What the command reads from its standard input; nothing by default. */
  readonly input?: string | Buffer;
  /** Standard output goes into this file instead of memory. */
  readonly outputFile?: string;
  readonly argv0?: string;
  /**
   * Told the pid before the command runs, so that whoever cleans up after us finds it: our end does not end it. It
   * is in a group of its own then, in our environment, and reads nothing.
   */
  readonly note?: (pid: number) => void;
}

export interface CommandResult {
  /** Null where a signal ended the command. */
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/**
 * Runs a command to its end and keeps its output.
 * @throws StackError `timeout` past its bound, `tools-missing` where there is no such command.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  // The command writes the file itself: what prints in small pieces would come here byte by byte.
  const outputFile = options.outputFile === undefined ? undefined : await open(options.outputFile, "w");
  const child = start(command, args, options, outputFile?.fd ?? "pipe");
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new StackError("tools-missing", `cannot run ${command}: ${cause.message}`, { cause })),
    );
    child.once("close", resolve);
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, options.boundMs);
  // A command that ends without reading its input closes the pipe: its exit code tells the story.
  const { stdin } = child;
  stdin?.on("error", () => stdin.destroy());
  stdin?.end(options.input);
  const stderr = keep(child.stderr);
  const stdout = keep(child.stdout);
  try {
    const exitCode = await ended;
    if (late) {
      throw new StackError("timeout", `${command} took longer than ${options.boundMs} ms and was ended`);
    }
    return { exitCode, stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
    await outputFile?.close();
  }
}

function start(
  command: string,
  args: readonly string[],
  { cwd, env, argv0, note }: CommandOptions,
  stdout: "pipe" | number,
): ChildProcess {
  const place = cwd === undefined ? {} : { cwd };
  if (note !== undefined) return spawnHeld({ command, args, ...place, stdout, stderr: "pipe" }, note);
  return spawn(command, args, {
    stdio: ["pipe", stdout, "pipe"],
    ...place,
    ...(env === undefined ? {} : { env }),
    ...(argv0 === undefined ? {} : { argv0 }),
  });
}

/** Null where the stream goes elsewhere: then nothing is kept. */
function keep(stream: NodeJS.ReadableStream | null): () => Buffer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    while (bytes > OUTPUT_KEPT_BYTES_MAX && chunks.length > 1) {
      bytes -= chunks.shift()?.length ?? 0;
    }
  });
  return () => Buffer.concat(chunks);
}
