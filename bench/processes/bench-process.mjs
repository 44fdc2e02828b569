import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 50;
const STOP_BOUND_MS = 20_000;
const LOG_TAIL_LINES = 12;

/**
 * A command as a process of its own. It leads a process group, so Ctrl-C in the terminal reaches the bench alone,
 * which stops things in order.
 */
export class BenchProcess {
  #child;
  #name;
  #logFile;
  #stdout = "";
  #ended;

  /**
   * @param {object} options
   * @param {string} options.name how messages name it
   * @param {string} options.command
   * @param {readonly string[]} options.args
   * @param {Record<string, string>} options.environment all of it
   * @param {string} options.logFile gets its standard error
   */
  constructor({ name, command, args, environment, logFile }) {
    this.#name = name;
    this.#logFile = logFile;
    const log = openSync(logFile, "a");
    this.#child = spawn(command, args, {
      detached: true,
      env: environment,
      stdio: ["ignore", "pipe", log],
    });
    closeSync(log);
    this.#child.stdout.setEncoding("utf8").on("data", (text) => {
      this.#stdout += text;
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => resolve(code ?? signal));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with what it printed when it has ended well. */
  async output(boundMs) {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), boundMs);
    const outcome = await this.#ended;
    clearTimeout(timer);
    if (outcome !== 0) throw this.failure(`ended with ${outcome}`);
    return this.#stdout;
  }

  /** Resolves when `isReady` says so. */
  async until(isReady, what, boundMs) {
    const deadlineMs = performance.now() + boundMs;
    while (!(await isReady())) {
      this.requireRunning();
      if (performance.now() > deadlineMs) throw this.failure(`was not ${what} within ${boundMs / 1000} s`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  requireRunning() {
    if (!this.isRunning) throw this.failure("ended too early");
  }

  /** Asks it to end as an operator does, and ends it if it does not. */
  async stop() {
    if (!this.isRunning) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_BOUND_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  failure(what) {
    const tail = readFileSync(this.#logFile, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES);
    return new Error(`${this.#name} ${what}; the end of its log:\n${tail.join("\n")}`);
  }
}
