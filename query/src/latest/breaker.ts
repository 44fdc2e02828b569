export interface BreakerOptions {
  /** Failures in a row after which it refuses. */
  readonly failuresMax: number;
  /** For how long it refuses before it lets one through to try. */
  readonly breakMs: number;
  /** In ms; never goes back. */
  readonly monotonicMs?: () => number;
}

/**
 * Says whether it is worth to ask who did not answer lately: after some failures in a row only one in each `breakMs`,
 * until one is answered.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #monotonicMs: () => number;
  #failures = 0;
  /** Counts once there were so many failures. */
  #refusesUntilMs = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /** Whether the caller may ask, and then tells what came of it. */
  admits(): boolean {
    const { failuresMax, breakMs } = this.#options;
    if (this.#failures < failuresMax) return true;
    const nowMs = this.#monotonicMs();
    if (nowMs < this.#refusesUntilMs) return false;
    // Those that come while this one tries are refused.
    this.#refusesUntilMs = nowMs + breakMs;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures++;
    this.#refusesUntilMs = this.#monotonicMs() + this.#options.breakMs;
  }
}
