import { fileURLToPath } from "node:url";
import { ChildProcess, type Ended } from "./child-process.js";
import { waitUntil } from "./wait-until.js";

/** Where the built command is. */
export const LASTKNOWN_BIN = fileURLToPath(new URL("../../../cli/bin/lastknown.js", import.meta.url));

/** A busy machine replays a quarter of a million rows in two minutes. */
const RUN_BOUND_MS = 300_000;
const READY_BOUND_MS = 60_000;
const STOP_BOUND_MS = 20_000;
const REQUEST_BOUND_MS = 2_000;

export interface RunResult extends Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start the command: which built file, in what environment. */
export interface LastknownOptions {
  /** LASTKNOWN_BIN by default. */
  readonly bin?: string;
  /** All variables: nothing is inherited but what stands here. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Starts `lastknown` with some arguments. */
export function startLastknown(
  args: readonly string[],
  { bin = LASTKNOWN_BIN, environment }: LastknownOptions,
  input?: string | Buffer,
): ChildProcess {
  return new ChildProcess({
    name: `lastknown ${args.join(" ")}`,
    command: process.execPath,
    args: [bin, ...args],
    environment,
    ...(input === undefined ? {} : { input }),
  });
}

/** Runs a command that ends by itself, whatever its exit code. */
export async function runLastknown(
  args: readonly string[],
  options: LastknownOptions & { readonly input?: string | Buffer; readonly boundMs?: number },
): Promise<RunResult> {
  const child = startLastknown(args, options, options.input);
  const boundMs = options.boundMs ?? RUN_BOUND_MS;
  const timer = setTimeout(() => void child.kill("SIGKILL"), boundMs);
  const ended = await child.ended;
  clearTimeout(timer);
  if (ended.signal === "SIGKILL") throw child.failure(`did not end within ${boundMs} ms`);
  return { ...ended, stdout: child.stdout.end(Infinity), stderr: child.stderr.end(Infinity) };
}

/** Runs a command that has to end well. */
export async function runLastknownWell(
  args: readonly string[],
  options: Parameters<typeof runLastknown>[1],
): Promise<RunResult> {
  const result = await runLastknown(args, options);
  if (result.exitCode === 0) return result;
  throw new Error(`lastknown ${args.join(" ")} ended with ${result.exitCode}: ${result.stderr}`);
}

/** A worker or query service that is up: a process with an operations port. */
export class Service {
  readonly process: ChildProcess;
  readonly operationsPort: number;

  constructor(child: ChildProcess, operationsPort: number) {
    this.process = child;
    this.operationsPort = operationsPort;
  }

  /** Resolves when `/readyz` says yes. Throws with the log's end if the process ends before. */
  async ready(boundMs: number = READY_BOUND_MS): Promise<void> {
    const what = `${this.process.name} to be ready`;
    const ask = async (): Promise<true | undefined> => {
      if (!this.process.running) throw this.process.failure("ended before it was ready");
      return (await this.status("/readyz")) === 200 ? true : undefined;
    };
    await waitUntil(ask, { what, boundMs }).catch((cause: unknown) => {
      throw this.process.running ? new Error(this.process.failure("is not ready").message, { cause }) : cause;
    });
  }

  /** The status that the operations port answers with; undefined while nobody listens there. */
  async status(path: "/livez" | "/readyz"): Promise<number | undefined> {
    try {
      const signal = AbortSignal.timeout(REQUEST_BOUND_MS);
      const response = await fetch(`http://127.0.0.1:${this.operationsPort}${path}`, { signal });
      await response.text();
      return response.status;
    } catch (cause) {
      // fetch tells a refused connection and a time-out by errors of these names.
      const name = (cause as Error).name;
      if (name === "TypeError" || name === "TimeoutError") return undefined;
      throw cause;
    }
  }

  /** What `/readyz?verbose` says: a line for each check. */
  async readiness(): Promise<string> {
    const signal = AbortSignal.timeout(REQUEST_BOUND_MS);
    const response = await fetch(`http://127.0.0.1:${this.operationsPort}/readyz?verbose`, { signal });
    return await response.text();
  }

  /** Ends it as an operator does. */
  async stop(): Promise<Ended> {
    return this.process.stop(STOP_BOUND_MS);
  }
}
