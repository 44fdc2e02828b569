import { whenParentIsGone } from "@lastknown/stack";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
/** How long an orderly end may take; then the program ends, and the stack's reaper does the rest. */
const END_BOUND_MS = 30_000;

/**
 * What the bench started, and the end of it: the last first, once. The first signal, or the end of the parent (npm
 * passes nothing on), ends in order; the second ends the program at once.
 */
export class Lifetime {
  #ends = [];
  #stopping = new AbortController();

  constructor() {
    for (const signal of Object.keys(EXIT_CODES)) process.on(signal, () => this.#stop(signal));
    whenParentIsGone(() => this.#stop("SIGTERM"));
  }

  /** Given at the first signal. */
  get signal() {
    return this.#stopping.signal;
  }

  /**
   * Something that was started, with how it is ended.
   * @param {() => Promise<void>} end
   * @returns {() => Promise<void>} ends it now
   */
  onEnd(end) {
    this.#ends.push(end);
    return async () => {
      this.#ends = this.#ends.filter((other) => other !== end);
      await end();
    };
  }

  /** Never resolves: the signal ends the program. */
  untilExit() {
    const keepAlive = setInterval(() => undefined, END_BOUND_MS);
    return new Promise(() => keepAlive.ref());
  }

  async end() {
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) await end();
  }

  #stop(signal) {
    if (this.#stopping.signal.aborted) process.exit(EXIT_CODES[signal]);
    this.#stopping.abort(new Error(`stopped by ${signal}`));
    process.stderr.write("\nstopping everything that was started (again: at once) ...\n");
    setTimeout(() => process.exit(EXIT_CODES[signal]), END_BOUND_MS).unref();
    void this.#endThenExit(EXIT_CODES[signal]);
  }

  async #endThenExit(exitCode) {
    try {
      await this.end();
      process.exit(exitCode);
    } catch (error) {
      process.stderr.write(`stopping failed: ${error.stack}\n`);
      process.exit(1);
    }
  }
}
