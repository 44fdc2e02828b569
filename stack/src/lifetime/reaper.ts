import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { RELEASE, type ReapOrder } from "./reap.js";

const REAPER = fileURLToPath(new URL("../../bin/reaper.js", import.meta.url));
const RELEASE_BOUND_MS = 5_000;

/**
 * A small detached program that outlives its owner just long enough to end the servers of one stack. It sits in a
 * group of its own, so Ctrl-C does not reach it, and learns of the owner's end by its standard input.
 */
export class Reaper {
  readonly #child: ChildProcess;
  #released = false;

  constructor(order: ReapOrder) {
    this.#child = spawn(process.execPath, [REAPER, JSON.stringify(order)], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    // Its own end is seen in `release`; without a listener a failed write would end the owner.
    this.#child.on("error", () => this.#child.unref());
    this.#child.stdin?.on("error", () => this.#child.stdin?.destroy());
    this.#child.unref();
    // The pipe must not keep the owner from ending either.
    if (this.#child.stdin instanceof Socket) this.#child.stdin.unref();
  }

  /** Lets the stack stay as it is; the reaper ends itself. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit", { signal: AbortSignal.timeout(RELEASE_BOUND_MS) });
    this.#child.ref();
    this.#child.stdin?.end(`${RELEASE}\n`);
    await ended;
  }
}
