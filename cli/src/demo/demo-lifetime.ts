import { exitCodes, type ExitCode } from "@lastknown/shared";
import { whenParentIsGone } from "@lastknown/stack";
import { say, type Terminal } from "../output/terminal.js";

const SIGNALS = { SIGINT: exitCodes.sigint, SIGTERM: exitCodes.sigterm, SIGHUP: exitCodes.sigterm } as const;
type StopSignal = keyof typeof SIGNALS;

/** How long an orderly end may take; then the process ends, and the stack's reaper does the rest. */
const END_BOUND_MS = 30_000;

/**
 * What the demo started, and the end of it: the last first, once. The first signal, or the end of the parent (npm
 * passes nothing on), ends in order; the second ends the process at once. Whatever an end at once leaves running is
 * ended by the stack's reaper.
 */
export class DemoLifetime {
  readonly #terminal: Terminal;
  readonly #ends: (() => Promise<void>)[] = [];
  readonly #aborter = new AbortController();
  readonly #stopWatching: () => void;
  readonly #onSignal: Record<StopSignal, () => void>;
  /** Set once all was shown. */
  #outcome: ExitCode | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    const onSignal = (signal: StopSignal) => (): void => this.#stop(signal);
    this.#onSignal = { SIGINT: onSignal("SIGINT"), SIGTERM: onSignal("SIGTERM"), SIGHUP: onSignal("SIGHUP") };
    for (const signal of SIGNAL_NAMES) process.on(signal, this.#onSignal[signal]);
    this.#stopWatching = whenParentIsGone(() => this.#stop("SIGTERM"));
  }

  /** Given at the first signal. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** Something that was started, with how it is ended. */
  onEnd(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  /** All was shown: from now on Ctrl-C is what is waited for, and ends with this. */
  shown(outcome: ExitCode): void {
    this.#outcome = outcome;
  }

  /** Never resolves: a signal ends the process. */
  untilSignal(): Promise<never> {
    const keepAlive = setInterval(() => undefined, 60_000);
    return new Promise<never>(() => keepAlive.ref());
  }

  async end(): Promise<void> {
    this.#stopWatching();
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) await end();
    for (const signal of SIGNAL_NAMES) process.removeListener(signal, this.#onSignal[signal]);
  }

  #stop(signal: StopSignal): void {
    const exitCode = signal === "SIGINT" ? (this.#outcome ?? SIGNALS[signal]) : SIGNALS[signal];
    if (this.#aborter.signal.aborted) process.exit(SIGNALS[signal]);
    this.#aborter.abort();
    say(this.#terminal, "\nstopping everything that was started (Ctrl-C again: at once) ...");
    setTimeout(() => process.exit(exitCode), END_BOUND_MS).unref();
    this.end().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        say(this.#terminal, `stopping failed: ${String(error)}`);
        process.exit(exitCodes.failed);
      },
    );
  }
}

const SIGNAL_NAMES = Object.keys(SIGNALS) as StopSignal[];
