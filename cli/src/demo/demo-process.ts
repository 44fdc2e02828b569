import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { FatalError } from "@lastknown/shared";
import { spawnHeld } from "@lastknown/stack";

const BIN = fileURLToPath(new URL("../../bin/lastknown.js", import.meta.url));
const STOP_GRACE_MS = 12_000;
const POLL_EVERY_MS = 50;
const LOG_TAIL_LINES = 8;

export interface DemoProcessOptions {
  /** How the demo names it: worker-1. */
  readonly name: string;
  /** The arguments of `lastknown`. */
  readonly args: readonly string[];
  readonly logFile: string;
  /** Told the pid before the process does anything, so that whoever cleans up knows it. */
  readonly onPid: (pid: number) => void;
}

/**
 * A `lastknown` of its own process that lives as long as the demo. It leads a process group of its own: Ctrl-C in
 * the terminal reaches the demo alone, which stops things in order.
 */
export class DemoProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #logFile: string;

  constructor(options: DemoProcessOptions) {
    this.name = options.name;
    this.#logFile = options.logFile;
    const log = openSync(options.logFile, "a");
    try {
      const args = [BIN, ...options.args];
      const held = { command: process.execPath, args, stdout: "ignore", stderr: log } as const;
      this.#child = spawnHeld(held, options.onPid);
    } finally {
      closeSync(log);
    }
  }

  /** Resolves when the operations server at this port says that the process is ready. */
  async ready(port: number, boundMs: number): Promise<void> {
    const deadlineMs = performance.now() + boundMs;
    while (!(await answersReady(port))) {
      this.requireRunning();
      if (performance.now() > deadlineMs) throw this.#failed(`was not ready within ${boundMs / 1000} s`);
      await sleep(POLL_EVERY_MS);
    }
  }

  requireRunning(): void {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) throw this.#failed(`ended with ${exitCode ?? signalCode}`);
  }

  /** Asks it to stop as an operator would (SIGTERM), and ends it if it does not within its grace. */
  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null || this.#child.pid === undefined) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_GRACE_MS);
    await ended;
    clearTimeout(timer);
  }

  #failed(what: string): FatalError {
    const tail = readFileSync(this.#logFile, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES);
    return new FatalError(`${this.name} ${what}; the end of its log:\n${tail.join("\n")}\n${this.name}`, {
      fix: "see what its log says, then start the demo again",
    });
  }
}

/** False while it does not listen yet; whether it still runs is looked at by the caller. */
async function answersReady(port: number): Promise<boolean> {
  const asked = fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2000) });
  return await asked.then(
    (response) => response.ok,
    () => false,
  );
}
