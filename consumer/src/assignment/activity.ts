import type { Outlasting } from "../faults/patience.js";

/** When an assignment's work has come on last, as the watchdog wants to know. */
export class Activity {
  #movedAtMs = performance.now();

  /** By performance.now(). */
  get movedAtMs(): number {
    return this.#movedAtMs;
  }

  moved(): void {
    this.#movedAtMs = performance.now();
  }

  /**
   * The same patience, for work that has an end: each of its calls that is answered counts, be it with an error. So
   * work of many calls needs not say itself that it comes on. No loop that asks for ever may have it, as one that
   * fetches: that its calls are answered says nothing.
   */
  counting(patience: Outlasting): Outlasting {
    return {
      outlast: async (server, signal, attempt) => {
        try {
          return await patience.outlast(server, signal, attempt);
        } finally {
          this.moved();
        }
      },
    };
  }
}
