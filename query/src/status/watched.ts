import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "@lastknown/shared";

export interface WatchedOptions<Value> {
  readonly ask: () => Promise<Value>;
  readonly intervalMs: number;
  /** How long an answer counts. */
  readonly ageMsMax: number;
  readonly monotonicMs?: () => number;
}

/** A server that is away: the question ends by its own deadlines, and nobody waits for it. */
const STOP_MS_MAX = 2000;

/** Something that is asked for again and again, one question at a time, so that readers never wait for a server. */
export class Watched<Value> {
  readonly #options: WatchedOptions<Value>;
  readonly #monotonicMs: () => number;
  readonly #stopping = new AbortController();
  #last: { readonly value: Value; readonly askedAtMs: number } | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: WatchedOptions<Value>) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await withDeadline(STOP_MS_MAX, Promise.resolve(this.#ended), () => undefined);
  }

  /** The last answer, and when it was asked for; undefined if that is too long ago. */
  get last(): { readonly value: Value; readonly askedAtMs: number } | undefined {
    if (this.#last === undefined) return undefined;
    return this.#monotonicMs() - this.#last.askedAtMs <= this.#options.ageMsMax ? this.#last : undefined;
  }

  async #run(): Promise<void> {
    const { ask, intervalMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const askedAtMs = this.#monotonicMs();
      // The answer's age tells it; who cannot be asked is told by the server's own check.
      const value = await ask().catch(() => undefined);
      if (value !== undefined) this.#last = { value, askedAtMs };
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
