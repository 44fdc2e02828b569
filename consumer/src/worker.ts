import { SESSION_TIMEOUT_MAX_MS, withDeadline, type CheckResult } from "@lastknown/shared";
import type { Assignment } from "./assignment/assignment.js";
import { createAssignment, type AssignmentParts } from "./assignment/create-assignment.js";
import { DeadLetterShare } from "./dead-letters/dead-letter-share.js";
import type { GroupListener } from "./group/worker-group.js";
import { Watchdog } from "./watchdog.js";
import type { WorkerMetrics } from "./worker-metrics.js";

export interface WorkerOptions extends Omit<AssignmentParts, "metrics" | "share"> {
  readonly metrics: (worker: Worker) => WorkerMetrics;
}

/** Of the time that stopping may take, for finishing what was taken; or joining, where a signal comes meanwhile. */
const DRAIN_SHARE = 0.55;
/** For what is given up to come to an end. */
const GIVE_UP_SHARE = 0.05;
/** For leaving the group. What is left is for closing the connections. */
const LEAVE_SHARE = 0.2;

/**
 * A member of the group for as long as it runs. One assignment is at work at a time: when another begins, the
 * one before it is ended first, and what it had not committed is worked on again.
 */
export class Worker implements GroupListener {
  readonly #options: WorkerOptions;
  readonly #metrics: WorkerMetrics;
  /** Of the whole worker, as a rebalance makes nothing better. */
  readonly #share: DeadLetterShare;
  #assignment: Assignment | undefined;
  /** Settles when all assignments so far have ended; the next one starts then. */
  #assignments: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #stopped: Promise<void> | undefined;
  /** Set while we are out of the group, as Kafka is away. */
  #endWait: (() => void) | undefined;
  /** Settles when the last attempt to join has ended. */
  #joining: Promise<void> = Promise.resolve();
  readonly #watchdog: Watchdog;
  /** Resolves when it was stopped; rejects with what it cannot go on from, and then has to be stopped still. */
  readonly ended: Promise<void>;
  #settleEnded: (failure?: Error) => void = () => undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#metrics = options.metrics(this);
    this.#share = new DeadLetterShare({
      percentMax: options.settings.deadLettersPercentMax,
      windowMs: options.settings.deadLettersWindowMs,
      lettersMin: options.settings.deadLettersWindowMin,
      deadLetterTopic: options.names.deadLetterTopic,
    });
    const { settings, reader, names, patience, group } = options;
    this.#watchdog = new Watchdog({
      work: () => this.#assignment,
      isWaiting: () => patience.waitingOn().length > 0,
      ends: () => reader.ends(names.eventsTopic, "readable"),
      stallExitMs: settings.stallExitMs,
      sessionTimeoutMaxMs: SESSION_TIMEOUT_MAX_MS,
      askCoordinator: () => group.committed(),
      failed: (error) => this.failed(error),
    });
    this.ended = new Promise((resolve, reject) => {
      this.#settleEnded = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
    // The rejection reaches whoever waits for `ended`; nobody has to.
    this.ended.catch(() => undefined);
  }

  get queueBytes(): number {
    return this.#assignment?.queueBytes ?? 0;
  }

  get partitions(): readonly number[] {
    return this.#assignment?.partitions ?? [];
  }

  async start(): Promise<void> {
    this.#joining = this.#options.group.join(this);
    await this.#joining;
    if (this.#stopped === undefined) this.#watchdog.start();
  }

  /**
   * Drains what was fetched, commits it and leaves the group. What is not done when the time is nearly over is
   * given up without a commit, for another worker. Each step has a bound, whichever server hangs.
   */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#watchdog.stop();
    const { settings, logger } = this.#options;
    this.#assignment?.drain();
    // Who is joining can leave only once it has joined: else the group would wait for one that is gone.
    const drained = Promise.allSettled([this.#joining, this.#assignments]);
    await withDeadline(settings.drainDeadlineMs * DRAIN_SHARE, drained, () => {
      logger.warn("not drained in time", { queueBytes: this.queueBytes });
    });
    this.#assignment?.end();
    const deadlineMs = settings.drainDeadlineMs * GIVE_UP_SHARE;
    await withDeadline(deadlineMs, this.#assignments, () => {
      logger.warn("what is given up has not ended", { deadlineMs });
    });
    await this.#leave();
    this.#settleEnded();
  }

  /** Nothing is lost where that fails: the group notices by itself. */
  async #leave(): Promise<void> {
    const { settings, group, logger } = this.#options;
    const deadlineMs = settings.drainDeadlineMs * LEAVE_SHARE;
    try {
      await withDeadline(deadlineMs, group.leave(), () => {
        logger.warn("the group was not left in time", { deadlineMs });
      });
    } catch (error) {
      logger.warn("the group was not left", { error });
    }
  }

  /** Only of the process itself: a server that is away is no reason to restart us. */
  live(): CheckResult {
    return this.#failure?.message;
  }

  ready(): CheckResult {
    const waitingOn = this.#options.patience.waitingOn();
    if (this.#failure !== undefined) return this.#failure.message;
    if (waitingOn.length > 0) return `waiting for ${waitingOn.join(", ")}`;
    if (this.#assignment === undefined) return "no assignment yet";
    return undefined;
  }

  assigned(generation: number, partitions: readonly number[]): void {
    this.#orFail(() => {
      this.#isBack();
      this.#metrics.rebalances.inc();
      this.#assignment?.end();
      if (this.#stopped !== undefined) return;
      const parts = { ...this.#options, metrics: this.#metrics, share: this.#share };
      const assignment = createAssignment(parts, generation, partitions);
      this.#assignment = assignment;
      this.#assignments = this.#runAfter(this.#assignments, assignment);
    });
  }

  revoked(lost?: Error): void {
    this.#orFail(() => {
      this.#assignment?.end();
      this.#assignment = undefined;
      if (lost !== undefined) this.#endWait ??= this.#options.patience.wait("kafka", lost);
    });
  }

  failed(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#assignment?.end();
    this.#settleEnded(error);
  }

  #isBack(): void {
    this.#endWait?.();
    this.#endWait = undefined;
  }

  /** Who calls us may swallow an error, or call again for ever: then the worker would live on without work. */
  #orFail(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #runAfter(before: Promise<void>, assignment: Assignment): Promise<void> {
    await before;
    try {
      await assignment.run();
    } catch (error) {
      this.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
