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
  /** Where the log's partitions end for who reads them: up to there all can be fetched. */
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
/** Of so many intervals between two checks most passed while the process stood still, and no work could go on. */
const LATE_INTERVALS = 3;
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
  #checkedAtMs = performance.now();
  /** When the log was asked last. */
  #lookedAtMs = 0;
  /** The last moment at which something was done, or nothing could be: no records, a server away, no time to run. */
  #wellAtMs = performance.now();

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
    this.#checkedAtMs = performance.now();
    this.#timer ??= setInterval(() => this.#check(performance.now()), this.#checkIntervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(nowMs: number): void {
    const { work, isWaiting, stallExitMs, failed } = this.#options;
    // Timers fire before the answers that came meanwhile are read.
    const isLate = nowMs - this.#checkedAtMs > LATE_INTERVALS * this.#checkIntervalMs;
    this.#checkedAtMs = nowMs;
    const watched = work();
    if (watched === undefined) this.#unassigned.unassigned(nowMs);
    else this.#unassigned.assigned();
    if (watched === undefined || isWaiting() || isLate) this.#wellAtMs = nowMs;
    else this.#wellAtMs = Math.max(this.#wellAtMs, watched.movedAtMs);
    if (watched === undefined || this.#isLooking) return;
    if (!watched.hasWork && nowMs - Math.max(this.#wellAtMs, this.#lookedAtMs) >= this.#lookIntervalMs) {
      this.#lookedAtMs = nowMs;
      // Whatever comes of it is handled inside.
      void this.#look(watched, nowMs);
      return;
    }
    // All was well until then at least: what waits came after it, by one look's interval at most.
    if (nowMs - this.#wellAtMs < stallExitMs + this.#lookIntervalMs) return;
    failed(
      new FatalError(`records wait, and none was done for ${stallExitMs} ms`, {
        fix: "restart the worker, and report its log",
      }),
    );
  }

  /** All is well unless the log is seen to hold what is not done: where it cannot be asked it is waited for. */
  async #look(watched: WatchedWork, nowMs: number): Promise<void> {
    this.#isLooking = true;
    try {
      const ends = await withDeadline(LOOK_DEADLINE_MS, this.#options.ends(), () => undefined);
      if (ends === undefined || !watched.lacks(ends)) this.#wellAtMs = Math.max(this.#wellAtMs, nowMs);
    } catch (error) {
      if (isServerFault(error)) this.#wellAtMs = Math.max(this.#wellAtMs, nowMs);
      else this.#options.failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isLooking = false;
    }
  }
}
