import { FatalError, withDeadline } from "@lastknown/shared";
import { isServerFault } from "./faults/patience.js";

export interface UnassignedWatchOptions {
  /** Asks the group's coordinator anything. */
  readonly askCoordinator: () => Promise<unknown>;
  /** How long a group may take to share out its partitions while its coordinator answers. */
  readonly patienceMs: number;
  /** How often the coordinator is asked meanwhile. */
  readonly intervalMs: number;
  readonly failed: (error: Error) => void;
}

/** A coordinator that has not answered by then is waited for. */
const ANSWER_DEADLINE_MS = 5000;

/**
 * Ends a worker that is never given partitions. A group waits for a silent member no longer than that one's session,
 * which may be longer than ours. What takes longer still, while the coordinator answers, is a membership that stands still.
 */
export class UnassignedWatch {
  readonly #options: UnassignedWatchOptions;
  /** Since when there is no assignment, and the coordinator has answered each time. */
  #sinceMs: number | undefined;
  #askedAtMs = 0;
  #isAsking = false;

  constructor(options: UnassignedWatchOptions) {
    this.#options = options;
  }

  assigned(): void {
    this.#sinceMs = undefined;
  }

  /** To be called again and again while nothing is assigned; `nowMs` by performance.now(). */
  unassigned(nowMs: number): void {
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      this.#askedAtMs = nowMs;
    }
    if (this.#isAsking || nowMs - this.#askedAtMs < this.#options.intervalMs) return;
    this.#askedAtMs = nowMs;
    // Whatever comes of it is handled inside.
    void this.#ask(this.#sinceMs);
  }

  async #ask(sinceMs: number): Promise<void> {
    const { askCoordinator, patienceMs, failed } = this.#options;
    this.#isAsking = true;
    try {
      const answers = await withDeadline(ANSWER_DEADLINE_MS, askCoordinator().then(isTrue), () => false);
      // Meanwhile there may be an assignment.
      if (this.#sinceMs !== sinceMs) return;
      if (!answers) this.#sinceMs = undefined;
      else if (performance.now() - sinceMs >= patienceMs) failed(standsStill(patienceMs));
    } catch (error) {
      if (isServerFault(error)) this.#sinceMs = undefined;
      else failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isAsking = false;
    }
  }
}

const isTrue = (): boolean => true;

function standsStill(patienceMs: number): FatalError {
  return new FatalError(
    `the group has given no partitions for ${patienceMs} ms, though its coordinator answers`,
    {
      fix: "restart the worker, and report its log",
    },
  );
}
