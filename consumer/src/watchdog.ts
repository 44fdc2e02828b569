import { FatalError, withDeadline, type PartitionEnds } from "@lastknown/shared";
import { isServerFault } from "./faults/patience.js";
import { UnassignedWatch } from "./unassigned-watch.js";

/** The work of one assignment, as far as it can be seen from outside whether it goes on. */
export interface WatchedWork {
  /** When something was done last, by performance.now(). */
  readonly movedAtMs: number;
  /** Something was fetched and is not done. */
  readonly hasWork: boolean;
  /** Whether the log holds records that are not done. */
  lacks(ends: ReadonlyMap<number, PartitionEnds>): boolean;
}

export interface WatchdogOptions {
  /** Undefined while nothing is assigned. */
  readonly work: () => WatchedWork | undefined;
  /** Whether the work waits for a server. */
  readonly isWaiting: () => boolean;
  /** Where the log's partitions end. */
  readonly ends: () => Promise<ReadonlyMap<number, PartitionEnds>>;
  /** For how long records may wait while nothing is done and no server is waited for. */
  readonly stallExitMs: number;
  /** The longest for which any member of the group may be silent, and be waited for. */
  readonly sessionTimeoutMaxMs: number;
  /** Asks the group's coordinator anything. */
  readonly askCoordinator: () => Promise<unknown>;
  readonly failed: (error: Error) => void;
}

const CHECK_INTERVAL_MS = 1000;
/** How often a log is asked for its ends while nothing moves: an idle topic costs no more than that. */
const LOOK_INTERVAL_MS = 10_000;
/** A log that has not answered by then is waited for. */
const LOOK_DEADLINE_MS = 5000;
/** Of members for whom one rebalance may wait: for one to join, and then for its leader to share out. */
const SILENCES = 2;

/**
 * Ends a worker that is alive and does nothing: records wait, none was done for a while, and no server is waited for.
 * It trusts none of the loops that it watches: that nothing was fetched may be a fetch that hangs, so the log itself
 * is asked whether it has more. The same while the group gives it no partitions, though it could.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #checkIntervalMs: number;
  readonly #lookIntervalMs: number;
  readonly #unassigned: UnassignedWatch;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  /** When the log was asked last, or there was no reason to. */
  #lookedAtMs = performance.now();
  /** Since when records are seen to wait and nothing was done; undefined while that is not so. */
  #behindSinceMs: number | undefined;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#checkIntervalMs = Math.min(CHECK_INTERVAL_MS, options.stallExitMs / 5);
    this.#lookIntervalMs = Math.min(LOOK_INTERVAL_MS, options.stallExitMs / 5);
    const { askCoordinator, stallExitMs, sessionTimeoutMaxMs, failed } = options;
    const patienceMs = stallExitMs + SILENCES * sessionTimeoutMaxMs;
    this.#unassigned = new UnassignedWatch({
      askCoordinator,
      patienceMs,
      intervalMs: this.#lookIntervalMs,
      failed,
    });
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#check(performance.now()), this.#checkIntervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(nowMs: number): void {
    const { work, isWaiting, stallExitMs, failed } = this.#options;
    const watched = work();
    if (watched === undefined) this.#unassigned.unassigned(nowMs);
    else this.#unassigned.assigned();
    if (watched === undefined || isWaiting()) return this.#allIsWell(nowMs);
    if (watched.movedAtMs > (this.#behindSinceMs ?? nowMs)) this.#allIsWell(nowMs);
    if (watched.hasWork) this.#behindSinceMs ??= nowMs;
    else if (nowMs - Math.max(watched.movedAtMs, this.#lookedAtMs) >= this.#lookIntervalMs) {
      this.#lookedAtMs = nowMs;
      // Whatever comes of it is handled inside.
      void this.#look(watched, nowMs);
    }
    if (this.#behindSinceMs === undefined || nowMs - this.#behindSinceMs < stallExitMs) return;
    failed(
      new FatalError(`records wait, and none was done for ${stallExitMs} ms`, {
        fix: "restart the worker, and report its log",
      }),
    );
  }

  async #look(watched: WatchedWork, nowMs: number): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const ends = await withDeadline(LOOK_DEADLINE_MS, this.#options.ends(), () => undefined);
      if (this.#options.work() !== watched || watched.movedAtMs > nowMs) return;
      if (ends !== undefined && watched.lacks(ends)) this.#behindSinceMs ??= nowMs;
      else this.#behindSinceMs = undefined;
    } catch (error) {
      // Where the log cannot be asked it is waited for, as the loops do.
      if (isServerFault(error)) this.#behindSinceMs = undefined;
      else this.#options.failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isLooking = false;
    }
  }

  #allIsWell(nowMs: number): void {
    this.#behindSinceMs = undefined;
    this.#lookedAtMs = nowMs;
  }
}
