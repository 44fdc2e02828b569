import {
  AUDIT_ENTRY_SCHEMA,
  ConfluentSchemaRegistry,
  connectRedis,
  createMetrics,
  fleetNames,
  KafkaAppender,
  KafkaLogReader,
  RedisFleetRecordCell,
  RetryingSchemaRegistry,
  startOperationsServer,
  verifyFleet,
  waitUntilReady,
  type CheckResult,
  type Logger,
  type Metrics,
  type Settings,
} from "@lastknown/shared";
import { Patience } from "./faults/patience.js";
import { KafkaWorkerGroup } from "./group/kafka/kafka-worker-group.js";
import { EventJudge } from "./pipeline/event-judge.js";
import { EventSchemas } from "./pipeline/event-schemas.js";
import { RedisStateStore } from "./states/redis/redis-state-store.js";
import { createWorkerMetrics } from "./worker-metrics.js";
import { Worker } from "./worker.js";

export interface WorkerDependencies {
  readonly logger: Logger;
  /** Made anew unless given. */
  readonly metrics?: Metrics;
}

export interface RunningWorker {
  /** Of `/livez`, `/readyz` and `/metrics`. */
  readonly operationsPort: number;
  readonly metrics: Metrics;
  /** Rejects with what the worker cannot go on from; then it has to be stopped still. Resolves when stopped. */
  readonly ended: Promise<void>;
  /** What is wrong with the process itself, or undefined. */
  live(): CheckResult;
  /** Why it does no work now, or undefined. */
  ready(): CheckResult;
  /** Drains, commits, leaves the group and closes all; bounded by `worker.drainDeadlineMs`. */
  stop(): Promise<void>;
}

/** At the start a server may take a while; after that the supervisor tries again. */
const REGISTRY_ATTEMPTS_MAX = 6;

/**
 * Starts a worker: connects, holds the settings against the fleet's record, joins the group. Several can run in
 * one process.
 *
 * @example
 *   const worker = await startWorker(loadSettings(), { logger });
 *   await worker.stop();
 * @throws FatalError where a server cannot be reached, or the fleet was made with other constants
 */
export async function startWorker(
  settings: Settings,
  dependencies: WorkerDependencies,
): Promise<RunningWorker> {
  const { logger, metrics = createMetrics() } = dependencies;
  const opened: (() => Promise<void> | void)[] = [];
  let closed: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    closed ??= closeInReverse(opened);
    await closed;
  };
  try {
    return await openWorker(settings, { logger, metrics, opened, closeAll });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function closeInReverse(opened: readonly (() => Promise<void> | void)[]): Promise<void> {
  for (const close of opened.toReversed()) await close();
}

interface Opening {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How to close what is open so far, in the order of opening. */
  readonly opened: (() => Promise<void> | void)[];
  readonly closeAll: () => Promise<void>;
}

async function openWorker(settings: Settings, opening: Opening): Promise<RunningWorker> {
  const { logger, metrics, opened, closeAll } = opening;
  const names = fleetNames(settings.fleet.name);
  const { partitions, maxFutureSkewMicros: maxFutureSkew } = settings.fleet;
  const {
    retryDelayMs: delayMs,
    retryDelayMaxMs: delayMaxMs,
    redisDeadlineMs,
    replicaWaitMs,
  } = settings.worker;

  const reader = new KafkaLogReader({ settings: settings.kafka, logger });
  opened.push(() => reader.close());
  const appender = new KafkaAppender({ settings: settings.kafka, logger });
  opened.push(() => appender.close());
  const redis = connectRedis(settings.redis, logger);
  opened.push(() => redis.disconnect());
  await waitUntilReady(redis, settings.redis);
  await verifyFleet(
    { names, reader, redis: new RedisFleetRecordCell(redis, names.fleet) },
    { partitions, maxFutureSkew },
  );

  const registry = new ConfluentSchemaRegistry(settings.registry);
  const retrying = { attemptsMax: REGISTRY_ATTEMPTS_MAX, delayMs, delayMaxMs };
  const auditSchemaId = await new RetryingSchemaRegistry(registry, retrying).register(
    names.auditSubject,
    AUDIT_ENTRY_SCHEMA,
  );

  const patience = new Patience({ delayMs, delayMaxMs, logger });
  const worker = new Worker({
    names,
    partitions,
    settings: settings.worker,
    reader,
    appender,
    group: new KafkaWorkerGroup({
      settings: settings.kafka,
      membership: settings.worker,
      group: names.workerGroup,
      topic: names.eventsTopic,
      logger,
    }),
    states: new RedisStateStore({
      redis,
      fleet: names.fleet,
      logger,
      deadlineMs: redisDeadlineMs,
      replicaWaitMs,
    }),
    schemas: new EventSchemas(registry, patience),
    judge: new EventJudge({
      partitions,
      maxFutureSkew,
      auditSchemaId,
      attemptsMax: settings.worker.recordAttemptsMax,
    }),
    patience,
    metrics: (of) =>
      createWorkerMetrics(metrics, {
        queueBytes: () => of.queueBytes,
        assignedPartitions: () => of.partitions.length,
        waitingOn: () => patience.waitingOn(),
      }),
    logger,
  });
  const operations = await startOperationsServer({
    ...settings.operations,
    metrics,
    logger,
    live: { worker: () => worker.live() },
    ready: { worker: () => worker.ready() },
  });
  opened.push(() => operations.close());
  opened.push(() => worker.stop());
  await worker.start();

  return {
    operationsPort: operations.port,
    metrics,
    ended: worker.ended,
    live: () => worker.live(),
    ready: () => worker.ready(),
    stop: closeAll,
  };
}
