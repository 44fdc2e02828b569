import { withDeadline } from "@lastknown/shared";
import { Breaker } from "./breaker.js";
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
  readonly #deadlineMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #breaker: Breaker;

  constructor({ inner, deadlineMs, breakMs = BREAK_MS, onError }: GuardedLatestStatesOptions) {
    this.#inner = inner;
    this.#deadlineMs = deadlineMs;
    this.#onError = onError ?? (() => undefined);
    this.#breaker = new Breaker({ failuresMax: FAILURES_TO_BREAK, breakMs });
  }

  read(user: string): Promise<LatestRead> {
    return this.#guard(() => this.#inner.read(user));
  }

  probe(): Promise<void> {
    return this.#guard(() => this.#inner.probe());
  }

  async #guard<Result>(call: () => Promise<Result>): Promise<Result> {
    if (!this.#breaker.admits()) throw unavailable("it did not a moment ago");
    try {
      const result = await withDeadline(this.#deadlineMs, call(), this.#late);
      this.#breaker.succeeded();
      return result;
    } catch (cause) {
      throw this.#failureOf(cause);
    }
  }

  readonly #late = (): never => {
    throw new Error(`no answer within ${this.#deadlineMs} ms`);
  };

  #failureOf(cause: unknown): unknown {
    if (cause instanceof UnreadableStateError) {
      // It says nothing about the store but that it answers.
      this.#breaker.succeeded();
      return cause;
    }
    this.#breaker.failed();
    this.#onError(cause);
    if (cause instanceof LatestUnavailableError) return cause;
    return unavailable(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function unavailable(reason: string, cause?: unknown): LatestUnavailableError {
  return new LatestUnavailableError(`the store of latest states does not answer (${reason})`, { cause });
}
