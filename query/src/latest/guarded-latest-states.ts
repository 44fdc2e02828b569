import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  isBrokenCircuitError,
  timeout,
  TimeoutStrategy,
  wrap,
  type CircuitBreakerPolicy,
  type IPolicy,
} from "cockatiel";
import {
  LatestUnavailableError,
  UnreadableStateError,
  type LatestRead,
  type LatestStates,
} from "./latest-states.js";

export interface GuardedLatestStatesOptions {
  readonly inner: LatestStates;
  /** How long one read may take. */
  readonly deadlineMs: number;
  /** How long reads are refused at once before one is let through to try. */
  readonly breakMs?: number;
  /** Told of each read that failed for the store's sake; of one that is refused untried, not. */
  readonly onError?: (error: unknown) => void;
}

const FAILURES_TO_BREAK = 3;
const BREAK_MS = 2000;

/**
 * Gives up on a read that takes too long, and after a few such refuses the next ones at once: while the store is
 * away, only one request in each `breakMs` waits for it.
 */
export class GuardedLatestStates implements LatestStates {
  readonly #inner: LatestStates;
  readonly #onError: (error: unknown) => void;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #policy: IPolicy;

  constructor({ inner, deadlineMs, breakMs = BREAK_MS, onError }: GuardedLatestStatesOptions) {
    this.#inner = inner;
    this.#onError = onError ?? (() => undefined);
    // A state that cannot be read says nothing about the store.
    const isFault = handleWhen((error) => !(error instanceof UnreadableStateError));
    this.#breaker = circuitBreaker(isFault, {
      halfOpenAfter: breakMs,
      breaker: new ConsecutiveBreaker(FAILURES_TO_BREAK),
    });
    this.#policy = wrap(this.#breaker, timeout(deadlineMs, TimeoutStrategy.Aggressive));
  }

  /** Whether reads are refused without being tried. */
  get isOpen(): boolean {
    return this.#breaker.state === CircuitState.Open;
  }

  read(user: string): Promise<LatestRead> {
    return this.#guard(() => this.#inner.read(user));
  }

  probe(): Promise<void> {
    return this.#guard(() => this.#inner.probe());
  }

  async #guard<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await this.#policy.execute(call);
    } catch (cause) {
      if (cause instanceof UnreadableStateError) throw cause;
      if (!isBrokenCircuitError(cause)) this.#onError(cause);
      if (cause instanceof LatestUnavailableError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new LatestUnavailableError(`the store of latest states does not answer (${reason})`, { cause });
    }
  }
}
