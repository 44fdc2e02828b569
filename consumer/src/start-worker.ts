import {
  ConfluentSchemaRegistry,
  connectRedis,
  createMetrics,
  fleetNames,
  KafkaAppender,
  KafkaLogReader,
  RedisFleetRecordCell,
  SERVERS,
  startOperationsServer,
  Tolerated,
  withDeadline,
  type CheckResult,
  type Logger,
  type Metrics,
  type ReadyCheck,
  type Server,
  type Settings,
} from "@lastknown/shared";
import { Patience, type PatienceOptions } from "./faults/patience.js";
import { KafkaWorkerGroup } from "./group/kafka/kafka-worker-group.js";
import { EventJudge } from "./pipeline/event-judge.js";
import { WriterSchemas } from "./pipeline/writer-schemas.js";
import type { SchemaCopies } from "./schemas/schema-copies.js";
import { RedisSchemaCopies } from "./schemas/redis/redis-schema-copies.js";
import { AssignedFleet } from "./starting/assigned-fleet.js";
import { awaitServers, type ServersThatServe, type ServersToAwait } from "./starting/await-servers.js";
import { RedisStateStore } from "./states/redis/redis-state-store.js";
import { createWorkerMetrics, type WorkerMetrics } from "./worker-metrics.js";
import { Worker } from "./worker.js";

export interface WorkerDependencies {
  readonly logger: Logger;
  /** Made anew unless given. */
  readonly metrics?: Metrics;
  /** Ends the start, which may have to wait for servers. */
  readonly signal?: AbortSignal;
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

/**
 * Starts a worker: its operations server listens at once; when Kafka, Redis and the registry serve, however long
 * that takes, the settings are held against the fleet's record, and it joins the group. Several can run in one
 * process.
 *
 * @example
 *   const worker = await startWorker(loadSettings(), { logger });
 *   await worker.stop();
 * @throws FatalError where the fleet was made with other constants, a server refuses us or the operations port
 *   cannot be had; KafkaRefusedError, UnknownTopicError; the signal's reason once it is aborted
 */
export async function startWorker(
  settings: Settings,
  dependencies: WorkerDependencies,
): Promise<RunningWorker> {
  const { logger, metrics = createMetrics(), signal = new AbortController().signal } = dependencies;
  const worker = new OpeningWorker(settings, logger, metrics);
  try {
    await worker.open(signal);
    return worker;
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

/** A call to a server that takes longer is told of: a broken connection shows itself much later. */
const NOTICE_AFTER_MS = 1500;
/** Of the time that stopping may take, for each connection; the worker's own shares leave room for four. */
const CLOSE_SHARE = 0.04;
/** Of the first calls to Kafka, which are repeated: so it is soon told why they fail. */
const FIRST_CALLS_DEADLINE_MS = 1000;

/** The parts of a worker and the order in which they come up; what came last goes down first. */
class OpeningWorker implements RunningWorker {
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly metrics: Metrics;
  readonly #workerMetrics: WorkerMetrics;
  readonly #ending = new AbortController();
  /** Waits for the servers before there is a worker. */
  readonly #waiting: Patience;
  readonly #patience: Patience;
  /** How to close what is open so far, in the order of opening. */
  readonly #opened: (() => Promise<void> | void)[] = [];
  #closed: Promise<void> | undefined;
  #operationsPort = 0;
  /** Undefined, as the worker, until the servers serve and the fleet was compared. */
  #schemas: WriterSchemas | undefined;
  #worker: Worker | undefined;

  constructor(settings: Settings, logger: Logger, metrics: Metrics) {
    const { retryDelayMs: delayMs, retryDelayMaxMs: delayMaxMs } = settings.worker;
    this.#settings = settings;
    this.#logger = logger;
    this.metrics = metrics;
    const gauges = {
      queueBytes: () => this.#worker?.queueBytes ?? 0,
      assignedPartitions: () => this.#worker?.partitions.length ?? 0,
      waitingOn: () => SERVERS.filter((server) => this.#problemWith(server) !== undefined),
    };
    const workerMetrics = createWorkerMetrics(metrics, gauges, settings.worker.countBy);
    this.#workerMetrics = workerMetrics;
    const onError: PatienceOptions["onError"] = (server, kind) =>
      workerMetrics.serverErrors.count(server, kind);
    this.#waiting = new Patience({ delayMs, delayMaxMs, noticeAfterMs: NOTICE_AFTER_MS, onError, logger });
    this.#patience = new Patience({ delayMs, delayMaxMs, onError, logger });
  }

  get operationsPort(): number {
    return this.#operationsPort;
  }

  get ended(): Promise<void> {
    return (this.#worker as Worker).ended;
  }

  live(): CheckResult {
    return this.#worker?.live();
  }

  ready(): CheckResult {
    if (this.#worker !== undefined) return this.#worker.ready();
    const waitingOn = this.#waitingOn();
    return waitingOn.length > 0 ? `waiting for ${waitingOn.join(", ")}` : "not started yet";
  }

  async stop(): Promise<void> {
    this.#closed ??= this.#closeInReverse();
    await this.#closed;
  }

  async open(aborted: AbortSignal): Promise<void> {
    // Before any server is asked: probes and scrapes are to be answered however long that takes.
    await this.#openOperations();
    const signal = AbortSignal.any([aborted, this.#ending.signal]);
    const redis = connectRedis(this.#settings.redis, this.#logger);
    this.#opened.push(() => redis.disconnect());
    const registry = new ConfluentSchemaRegistry(this.#settings.registry);
    const copies = new RedisSchemaCopies({
      redis,
      fleet: this.#settings.fleet.name,
      deadlineMs: this.#settings.worker.redisDeadlineMs,
    });
    const serving = await this.#awaitServers({ redis, copies, registry, signal });

    const worker = this.#createWorker({ redis, copies, registry, ...serving });
    this.#worker = worker;
    // It bounds itself.
    this.#opened.push(() => worker.stop());
    await this.#patience.outlast("kafka", signal, () => worker.start());
  }

  async #openOperations(): Promise<void> {
    const operations = await startOperationsServer({
      ...this.#settings.operations,
      metrics: this.metrics,
      logger: this.#logger,
      live: { worker: () => this.live() },
      ready: { worker: () => this.ready(), ...this.#serverChecks() },
    });
    this.#operationsPort = operations.port;
    this.#opened.push(() => this.#close("operations", operations.close()));
  }

  async #awaitServers(
    servers: Pick<ServersToAwait, "redis" | "copies" | "registry" | "signal">,
  ): Promise<ServersThatServe> {
    const { fleet, kafka } = this.#settings;
    const reader = new KafkaLogReader({
      settings: kafka,
      logger: this.#logger,
      callDeadlineMs: FIRST_CALLS_DEADLINE_MS,
    });
    try {
      return await awaitServers({
        ...servers,
        settings: this.#settings,
        names: fleetNames(fleet.name),
        reader,
        patience: this.#waiting,
        logger: this.#logger,
      });
    } finally {
      await this.#close("reader", reader.close());
    }
  }

  #createWorker(
    parts: ServersThatServe & {
      redis: ReturnType<typeof connectRedis>;
      copies: SchemaCopies;
      registry: ConfluentSchemaRegistry;
    },
  ): Worker {
    const { fleet, kafka, worker: settings } = this.#settings;
    const { partitions, maxFutureSkewMicros: maxFutureSkew } = fleet;
    const names = fleetNames(fleet.name);
    const logger = this.#logger;
    const reader = new KafkaLogReader({ settings: kafka, logger });
    this.#opened.push(() => this.#close("reader", reader.close()));
    const appender = new KafkaAppender({ settings: kafka, logger });
    this.#opened.push(() => this.#close("appender", appender.close()));
    const schemas = new WriterSchemas({
      registry: parts.registry,
      copies: parts.copies,
      reader,
      auditTopic: names.auditTopic,
      auditSchemaId: parts.auditSchemaId,
      patience: this.#patience,
      logger,
    });
    this.#schemas = schemas;
    schemas.startWatch();
    this.#opened.push(() => schemas.stopWatch());
    return new Worker({
      names,
      partitions,
      maxFutureSkew,
      settings,
      reader,
      appender,
      group: new KafkaWorkerGroup({
        settings: kafka,
        membership: settings,
        group: names.workerGroup,
        topic: names.eventsTopic,
        logger,
      }),
      fleet: new AssignedFleet({
        names,
        record: parts.record,
        reader,
        redis: new RedisFleetRecordCell(parts.redis, names.fleet),
        redisDeadlineMs: settings.redisDeadlineMs,
        patience: this.#patience,
      }),
      states: new RedisStateStore({
        redis: parts.redis,
        fleet: names.fleet,
        logger,
        deadlineMs: settings.redisDeadlineMs,
        replicaWaitMs: settings.replicaWaitMs,
        noReplica: settings.noReplica,
        onUnprotected: (buckets) => this.#workerMetrics.unprotectedWrites.inc(buckets),
      }),
      schemas,
      judge: new EventJudge({
        partitions,
        maxFutureSkew,
        auditSchemaId: parts.auditSchemaId,
      }),
      patience: this.#patience,
      metrics: () => this.#workerMetrics,
      logger,
    });
  }

  #serverChecks(): Record<string, ReadyCheck> {
    return Object.fromEntries(SERVERS.map((server) => [server, () => this.#problemWith(server)]));
  }

  #problemWith(server: Server): CheckResult | Tolerated {
    if (this.#waitingOn().includes(server)) return "the work waits for it";
    const away = server === "registry" ? this.#schemas?.registryAway : undefined;
    return away === undefined ? undefined : new Tolerated(`known schemas go on: ${away}`);
  }

  #waitingOn(): Server[] {
    return [...this.#waiting.waitingOn(), ...this.#patience.waitingOn()];
  }

  /** A connection that hangs must not hold up the process's end, which closes it all the same. */
  async #close(connection: string, closed: Promise<void>): Promise<void> {
    const deadlineMs = this.#settings.worker.drainDeadlineMs * CLOSE_SHARE;
    await withDeadline(deadlineMs, closed, () => {
      this.#logger.warn("not closed in time", { connection, deadlineMs });
    });
  }

  async #closeInReverse(): Promise<void> {
    this.#ending.abort();
    for (const close of this.#opened.toReversed()) await close();
  }
}
