import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline, type Logger } from "@lastknown/shared";
import { StatusHistory, type StatusHistoryColumns } from "./status-history.js";
import type { StatusSnapshot } from "./status-snapshot.js";

export interface StatusBoardOptions {
  readonly take: () => Promise<StatusSnapshot>;
  readonly logger: Logger;
  readonly intervalMs?: number;
  /** How long one snapshot may take to be put together. */
  readonly takeMsMax?: number;
  /** How long a snapshot counts as now. */
  readonly ageMsMax?: number;
  readonly monotonicMs?: () => number;
}

const INTERVAL_MS = 1000;
/** No source of a snapshot waits for longer than half a second: one that does is broken. */
const TAKE_MS_MAX = 3000;
/** As the page counts it: after so long without news it says that it shows old figures. */
const AGE_MS_MAX = 5000;
/** A quarter of an hour. */
const HISTORY_POINTS_MAX = 900;

/**
 * How the fleet stands and stood lately: one snapshot a second, made whether anybody looks or not, and one for all
 * who do. One that is older than some seconds is given to nobody.
 */
export class StatusBoard {
  readonly #options: StatusBoardOptions;
  readonly #monotonicMs: () => number;
  readonly #history = new StatusHistory(HISTORY_POINTS_MAX);
  readonly #watchers = new Set<(snapshot: StatusSnapshot) => void>();
  readonly #stopping = new AbortController();
  #last: { readonly snapshot: StatusSnapshot; readonly askedAtMs: number } | undefined;
  /** Under way: one at a time is enough, whoever asks. */
  #turn: Promise<void> | undefined;
  #isFailing = false;
  #ended: Promise<void> | undefined;

  constructor(options: StatusBoardOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  /** The last one; where there is none of the last seconds, one that is taken now. Undefined where that fails. */
  async snapshot(): Promise<StatusSnapshot | undefined> {
    if (this.#fresh === undefined) await this.#takeTurn();
    return this.#fresh;
  }

  get #fresh(): StatusSnapshot | undefined {
    const { ageMsMax = AGE_MS_MAX } = this.#options;
    if (this.#last === undefined) return undefined;
    return this.#monotonicMs() - this.#last.askedAtMs <= ageMsMax ? this.#last.snapshot : undefined;
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
      await this.#takeTurn();
      const restMs = Math.max(0, intervalMs - (performance.now() - startedAtMs));
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #takeTurn(): Promise<void> {
    this.#turn ??= this.#take().finally(() => (this.#turn = undefined));
    return this.#turn;
  }

  async #take(): Promise<void> {
    const { take, takeMsMax = TAKE_MS_MAX } = this.#options;
    const { signal } = this.#stopping;
    const askedAtMs = this.#monotonicMs();
    try {
      const snapshot = await withDeadline(takeMsMax, take(), () => {
        throw new Error(`not put together within ${takeMsMax} ms`);
      });
      this.#isFailing = false;
      if (signal.aborted) return;
      this.#last = { snapshot, askedAtMs };
      this.#history.add(snapshot);
      for (const watcher of this.#watchers) watcher(snapshot);
    } catch (error) {
      // What it is put together from may be closed already while the service stops.
      if (signal.aborted) return;
      if (!this.#isFailing) this.#options.logger.error("status cannot be put together", { error });
      this.#isFailing = true;
    }
  }
}
