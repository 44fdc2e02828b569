import { spawn, type ChildProcess as NodeChildProcess } from "node:child_process";
import { once } from "node:events";
import { LogTail } from "./log-tail.js";

export interface ChildProcessOptions {
  /** How messages name it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Read from its standard input; nothing by default. */
  readonly input?: string | Buffer;
}

export interface Ended {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Lines of its log that a failure shows. */
const LINES_SHOWN = 30;

/**
 * A process of the product under test. It ends with the test program, however that ends short of SIGKILL; what
 * it printed is kept.
 */
export class ChildProcess {
  readonly name: string;
  readonly stdout: LogTail;
  readonly stderr: LogTail;
  /** Resolves when it has ended and all that it printed is read. */
  readonly ended: Promise<Ended>;
  readonly #child: NodeChildProcess;
  #running = true;

  constructor({ name, command, args, environment, input }: ChildProcessOptions) {
    this.name = name;
    const child = spawn(command, args, { env: environment, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    this.stdout = new LogTail(child.stdout);
    this.stderr = new LogTail(child.stderr);
    // A process that ends without reading its input closes the pipe: its exit code tells the story.
    child.stdin.on("error", () => child.stdin.destroy());
    child.stdin.end(input);
    const endWithParent = (): void => void child.kill("SIGKILL");
    process.on("exit", endWithParent);
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (exitCode, signal) => {
        this.#running = false;
        process.off("exit", endWithParent);
        resolve({ exitCode, signal });
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} could not be started`);
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Sends a signal to this process alone, and waits for its end where the signal is one that ends. */
  async kill(signal: "SIGKILL" | "SIGTERM" | "SIGINT" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    if (!this.#running) return;
    this.#child.kill(signal);
    if (signal === "SIGKILL") await this.ended;
  }

  /** Asks it to end, as an operator does, and ends it if it does not within the bound. */
  async stop(boundMs: number): Promise<Ended> {
    if (this.#running) {
      this.#child.kill("SIGTERM");
      // A stopped process takes its signals only once it goes on.
      this.#child.kill("SIGCONT");
    }
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), boundMs);
    const ended = await this.ended;
    clearTimeout(timer);
    return ended;
  }

  /** Resolves with the first line on standard output that `read` makes something of. */
  async line<Found>(read: (line: string) => Found | undefined, boundMs: number): Promise<Found> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), boundMs);
    try {
      return await new Promise<Found>((resolve, reject) => {
        const forget = this.stdout.onLine((line) => {
          const found = read(line);
          if (found === undefined) return;
          forget();
          resolve(found);
        });
        const fail = (why: string): void => reject(this.failure(why));
        once(abort.signal, "abort").then(() => fail(`said nothing of it within ${boundMs} ms`), reject);
        this.ended.then(() => fail("ended before"), reject);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** An error that shows the end of the process's log. */
  failure(what: string): Error {
    return new Error(`${this.name} ${what}; its log ends with:\n${this.stderr.end(LINES_SHOWN)}`);
  }
}
