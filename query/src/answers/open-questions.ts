/**
 * Which questions are being answered now, for who shares the event loop with them: an answer that waits for a server goes
 * on only when the loop comes round, and everything else that has a turn meanwhile is in its way.
 */
export class OpenQuestions {
  #open = 0;
  #lastAtMs = -Infinity;
  /** Called when none is open. */
  readonly #waiting = new Set<() => void>();

  /** Whether one is open, or was within that time. */
  hadWithin(ms: number): boolean {
    return this.#open > 0 || performance.now() - this.#lastAtMs <= ms;
  }

  /** Gives what `answer` gives; meanwhile the question is open. */
  async during<Content>(answer: () => Promise<Content>): Promise<Content> {
    this.#open++;
    try {
      return await answer();
    } finally {
      this.#lastAtMs = performance.now();
      if (--this.#open === 0) for (const wake of this.#waiting) wake();
    }
  }

  /** Resolves when none is open, or after the time. */
  async none(waitMsMax: number): Promise<void> {
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, waitMsMax);
      this.#waiting.add(end);
    });
  }
}
