import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LogTail } from "./log-tail.js";
import { markedProcesses, markIn, type Mark } from "./marked-processes.js";
import { waitUntil } from "./wait-until.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** Even a test that is killed leaves its demo no longer than this: npm is ended, and the demo goes with it. */
const LIFE_BOUND_SECONDS = 180;
const POINT_BOUND_MS = 150_000;
/** An orderly end gives the workers 12 s; an end at once is done by the reaper within three. */
const GONE_BOUND_MS = 20_000;
/** A test outlasts the waits of its run: what the run said tells more than that the time is up. */
export const DEMO_TEST_BOUND_MS = LIFE_BOUND_SECONDS * 1_000 + 2 * GONE_BOUND_MS;
const INTERRUPT = "\u0003";
const LINES_SHOWN = 40;

/** Whom a signal is for, by a part of its command line. */
const COMMAND_LINES = {
  npm: /^npm run demo/,
  demo: /lastknown\.js demo/,
  worker: /lastknown\.js consume/,
  redis: /redis-server/,
} as const;

/** A terminal's Ctrl-C reaches a whole process group at once, and so does its hang-up. */
const STARTERS = {
  terminal: (command: string) => ["script", "--quiet", "--return", "--command", command, "/dev/null"],
  "session of its own": (command: string) => ["setsid", "--wait", "sh", "-c", `exec ${command} 2>&1`],
} as const;

/**
 * `npm run demo` as a person starts it in a terminal, or as another program does. All that it starts bears a mark of
 * this run alone, and its temporary files are in a folder of this run alone.
 */
export class DemoRun {
  readonly #child: ChildProcess;
  readonly #output: LogTail;
  readonly #ended: Promise<unknown>;
  readonly #folder: string;
  readonly #mark: Mark;

  private constructor(place: keyof typeof STARTERS, folder: string, args: readonly string[]) {
    this.#folder = folder;
    this.#mark = { text: randomUUID(), folder };
    const command = `timeout --foreground -s KILL ${LIFE_BOUND_SECONDS} npm run demo -- ${args.join(" ")}`;
    const [program = "", ...programArgs] = STARTERS[place](command);
    this.#child = spawn(program, programArgs, {
      cwd: ROOT,
      env: { ...process.env, ...markIn(this.#mark), TMPDIR: folder, NO_COLOR: "1" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const { stdin, stdout } = this.#child;
    if (stdin === null || stdout === null) throw new Error(`${program} was started without its pipes`);
    // Closed by an end of the demo.
    stdin.on("error", () => stdin.destroy());
    this.#output = new LogTail(stdout);
    this.#ended = once(this.#child, "close");
  }

  /** @param args words without spaces or quotes */
  static async start(place: keyof typeof STARTERS, ...args: readonly string[]): Promise<DemoRun> {
    return new DemoRun(place, await mkdtemp(join(tmpdir(), "lastknown-demo-test-")), args);
  }

  /** Resolves when the demo has said this much. */
  async said(pattern: RegExp): Promise<void> {
    const end = await this.#until(`say ${String(pattern)}`, () => {
      if (this.#output.lines.some((line) => pattern.test(line))) return "said";
      return this.#child.exitCode === null ? undefined : "ended";
    });
    if (end === "ended") throw this.#failure(`ended before it said ${String(pattern)}`);
  }

  /** Ctrl-C, where it has a terminal. */
  interrupt(): void {
    this.#child.stdin?.write(INTERRUPT);
  }

  /** Sends a signal to one process of the run; waits until there is one. */
  async signal(whom: keyof typeof COMMAND_LINES, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const like = COMMAND_LINES[whom];
    const target = await this.#until(`start ${String(like)}`, () =>
      markedProcesses(this.#mark).find(({ commandLine }) => like.test(commandLine)),
    );
    process.kill(target.pid, signal);
  }

  /** How many servers and processes of the product run beside the demo itself. */
  get startedCount(): number {
    return markedProcesses(this.#mark).filter(({ commandLine }) =>
      /kafka\.Kafka|apicurio|redis-server|lastknown\.js (consume|query|replay)/.test(commandLine),
    ).length;
  }

  /** Resolves when no process of the run is left, and none of its files. Throws, naming them, past the bound. */
  async allGone(): Promise<void> {
    let left = "";
    const look = async (): Promise<true | undefined> => {
      const processes = markedProcesses(this.#mark).map(({ pid, commandLine }) => `${pid} ${commandLine}`);
      left = [...processes, ...(await readdir(this.#folder))].join("\n");
      return left === "" ? true : undefined;
    };
    await waitUntil(look, { what: "the demo to leave nothing", boundMs: GONE_BOUND_MS }).catch(() => {
      throw this.#failure(`left after ${GONE_BOUND_MS} ms:\n${left}\n`);
    });
  }

  /** Ends whatever is left, and removes the folder. */
  async close(): Promise<void> {
    for (const { pid } of markedProcesses(this.#mark)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await this.#ended;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Asks for a point of the run until it is there. Throws with what the run said, past the bound. */
  #until<Found>(point: string, find: () => Found | undefined): Promise<Found> {
    return waitUntil(find, { what: point, boundMs: POINT_BOUND_MS, everyMs: 20 }).catch(() => {
      throw this.#failure(`did not ${point} within ${POINT_BOUND_MS} ms`);
    });
  }

  #failure(what: string): Error {
    return new Error(`npm run demo ${what}; it said:\n${this.#output.end(LINES_SHOWN)}`);
  }
}
