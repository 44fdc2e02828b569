import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@lastknown/shared";
import { StatusHistory, type StatusHistoryColumns } from "./status-history.js";
import type { StatusSnapshot } from "./status-snapshot.js";

export interface StatusBoardOptions {
  readonly take: () => Promise<StatusSnapshot>;
  readonly logger: Logger;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1000;
/** A quarter of an hour. */
const HISTORY_POINTS_MAX = 900;

/**
 * How the fleet stands and stood lately: one snapshot a second, made whether anybody looks or not, and one for all
 * who do.
 */
export class StatusBoard {
  readonly #options: StatusBoardOptions;
  readonly #history = new StatusHistory(HISTORY_POINTS_MAX);
  readonly #watchers = new Set<(snapshot: StatusSnapshot) => void>();
  readonly #stopping = new AbortController();
  #snapshot: StatusSnapshot | undefined;
  #isFailing = false;
  #ended: Promise<void> | undefined;

  constructor(options: StatusBoardOptions) {
    this.#options = options;
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  /** The last one; the first is taken where there is none yet. */
  async snapshot(): Promise<StatusSnapshot> {
    return this.#snapshot ?? (await this.#options.take());
  }

  history(): StatusHistoryColumns {
    return this.#history.columns();
  }

  /** Has a function told of each snapshot. @returns what ends that */
  watch(watcher: (snapshot: StatusSnapshot) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  async #run(): Promise<void> {
    const { intervalMs = INTERVAL_MS } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedAtMs = performance.now();
      await this.#turn();
      const restMs = Math.max(0, intervalMs - (performance.now() - startedAtMs));
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #turn(): Promise<void> {
    try {
      const snapshot = await this.#options.take();
      this.#isFailing = false;
      if (this.#stopping.signal.aborted) return;
      this.#snapshot = snapshot;
      this.#history.add(snapshot);
      for (const watcher of this.#watchers) watcher(snapshot);
    } catch (error) {
      if (!this.#isFailing) this.#options.logger.error("status cannot be put together", { error });
      this.#isFailing = true;
    }
  }
}
