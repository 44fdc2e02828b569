import {
  FatalError,
  type Appender,
  type CheckResult,
  type FleetNames,
  type Logger,
  type LogReader,
  type WorkerSettings,
} from "@lastknown/shared";
import { Assignment } from "./assignment/assignment.js";
import { BucketProgress } from "./assignment/bucket-progress.js";
import { startingOffsets } from "./assignment/starting-offsets.js";
import { DeadLetterBreaker } from "./dead-letters/dead-letter-breaker.js";
import { DeadLetterShare } from "./dead-letters/dead-letter-share.js";
import { DeadLetters } from "./dead-letters/dead-letters.js";
import type { Patience } from "./faults/patience.js";
import type { GroupListener, WorkerGroup } from "./group/worker-group.js";
import { StateApplier } from "./pipeline/apply-states.js";
import { AuditLog } from "./pipeline/audit-log.js";
import type { EventJudge } from "./pipeline/event-judge.js";
import type { WriterSchemas } from "./pipeline/writer-schemas.js";
import { Pipeline } from "./pipeline/pipeline.js";
import { BatchPreparation } from "./pipeline/prepare-batches.js";
import type { StateStore } from "./states/state-store.js";
import type { WorkerMetrics } from "./worker-metrics.js";

export interface WorkerOptions {
  readonly names: FleetNames;
  readonly partitions: number;
  readonly settings: WorkerSettings;
  readonly reader: LogReader;
  readonly appender: Appender;
  readonly group: WorkerGroup;
  readonly states: StateStore;
  readonly schemas: WriterSchemas;
  readonly judge: Pick<EventJudge, "judge">;
  readonly patience: Patience;
  readonly metrics: (worker: Worker) => WorkerMetrics;
  readonly logger: Logger;
}

/** How often it is looked whether the work has stalled. */
const STALL_CHECK_INTERVAL_MS = 1000;
/** Of the time that stopping may take; the rest is for giving up what is not drained, and for leaving. */
const DRAIN_SHARE = 0.7;

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
  #stallTimer: NodeJS.Timeout | undefined;
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
    await this.#options.group.join(this);
    this.#stallTimer = setInterval(() => this.#checkStall(), STALL_CHECK_INTERVAL_MS);
  }

  /**
   * Drains what was fetched, commits it and leaves the group. What is not done when the time is nearly over is
   * given up without a commit, for another worker.
   */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#stallTimer);
    const { settings, group, logger } = this.#options;
    this.#assignment?.drain();
    const timer = setTimeout(() => {
      logger.warn("not drained in time", { queueBytes: this.queueBytes });
      this.#assignment?.end();
    }, settings.drainDeadlineMs * DRAIN_SHARE);
    await this.#assignments;
    clearTimeout(timer);
    await group.leave();
    this.#settleEnded();
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
    this.#metrics.rebalances.inc();
    this.#assignment?.end();
    if (this.#stopped !== undefined) return;
    const assignment = this.#assignmentOf(generation, partitions);
    this.#assignment = assignment;
    this.#assignments = this.#runAfter(this.#assignments, assignment);
  }

  revoked(): void {
    this.#assignment?.end();
    this.#assignment = undefined;
  }

  failed(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#assignment?.end();
    this.#settleEnded(error);
  }

  async #runAfter(before: Promise<void>, assignment: Assignment): Promise<void> {
    await before;
    try {
      await assignment.run();
    } catch (error) {
      this.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Everything that an assignment remembers is its own, so that nothing is left over from the one before. */
  #assignmentOf(generation: number, partitions: readonly number[]): Assignment {
    const { names, settings, reader, appender, group, states: store } = this.#options;
    const { schemas, judge, patience, logger } = this.#options;
    const { eventsTopic, auditTopic, deadLetterTopic } = names;
    const metrics = this.#metrics;
    const progress = new BucketProgress(this.#options.partitions);
    const states = new StateApplier({ states: store, progress, eventsTopic, patience, metrics });
    const tries = {
      attemptsMax: settings.recordAttemptsMax,
      delayMs: settings.retryDelayMs,
      delayMaxMs: settings.retryDelayMaxMs,
    };
    const pipeline = new Pipeline({
      preparation: new BatchPreparation({ schemas, judge, eventsTopic, tries, logger }),
      audit: new AuditLog({ appender, topic: auditTopic, patience }),
      deadLetters: new DeadLetters({ appender, topic: deadLetterTopic, eventsTopic, patience, logger }),
      breaker: new DeadLetterBreaker({
        inRowMax: settings.deadLettersInRowMax,
        share: this.#share,
        deadLetterTopic,
      }),
      states,
      eventsTopic,
      tries,
      metrics,
      logger,
    });
    const { acceptLoss } = settings;
    const start = { reader, group, states: store, progress, eventsTopic, acceptLoss, patience, logger };
    return new Assignment({
      generation,
      partitions,
      eventsTopic,
      settings,
      reader,
      group,
      pipeline,
      states,
      startingOffsets: (wanted, signal) => startingOffsets(wanted, start, signal),
      patience,
      metrics,
      logger,
    });
  }

  #checkStall(): void {
    const { stallExitMs } = this.#options.settings;
    if ((this.#assignment?.checkStall(performance.now()) ?? 0) < stallExitMs) return;
    this.failed(
      new FatalError(`records wait, and none was done for ${stallExitMs} ms`, {
        fix: "restart the worker, and report its log",
      }),
    );
  }
}
