import {
  createMetrics,
  fleetNames,
  startOperationsServer,
  withDeadline,
  type Logger,
  type Metrics,
  type OperationsServer,
} from "@lastknown/shared";
import { Answers } from "./answers/answers.js";
import { OpenQuestions } from "./answers/open-questions.js";
import { bothObservers } from "./folding/both-observers.js";
import { ViewKeeper } from "./folding/view-keeper.js";
import { Freshness } from "./freshness/freshness.js";
import { LogTracker } from "./freshness/log-tracker.js";
import type { Health } from "./http/health-route.js";
import { createHttpServer } from "./http/http-server.js";
import { listen } from "./http/listen.js";
import type { RouteServer } from "./http/route-server.js";
import { LagReasons } from "./lag/lag-reasons.js";
import { GuardedLatestStates } from "./latest/guarded-latest-states.js";
import { addConsumerLagMetrics } from "./operations/consumer-lag-metrics.js";
import { createQueryMetrics, type QueryMetrics } from "./operations/query-metrics.js";
import { readyChecks, serverChecks } from "./operations/ready-checks.js";
import { connectQuery, type QueryConnections, type QueryServiceSettings } from "./query-connections.js";
import { StatusService } from "./status/status-service.js";

export interface QueryDependencies {
  readonly logger: Logger;
  readonly metrics?: Metrics;
  /** Ends the first waiting for servers; the service that comes of it is to be stopped. */
  readonly signal?: AbortSignal;
  /** Given by tests; otherwise made from the settings. The service closes them. */
  readonly connections?: QueryConnections;
}

export interface QueryService {
  /** Of the HTTP service. */
  readonly port: number;
  readonly operationsPort: number;
  /** Rejects when the service cannot go on, and then should be stopped; resolves after `stop`. */
  readonly ended: Promise<void>;
  /** Finishes open requests, then closes everything. */
  stop(): Promise<void>;
}

/**
 * Starts a query service: HTTP answers at once, from Redis; from the view as soon as it has caught up.
 *
 * @throws FatalError if the data directory or a port cannot be had, or servers, settings and data directory belong to
 *   different fleets
 * @example
 *   const query = await startQuery(settings, { logger });
 *   await fetch(`http://127.0.0.1:${query.port}/v1/users/bus-7`);
 *   await query.stop();
 */
export async function startQuery(
  settings: QueryServiceSettings,
  dependencies: QueryDependencies,
): Promise<QueryService> {
  const { logger } = dependencies;
  const connections = dependencies.connections ?? (await connectQuery(settings, logger));
  const service = new RunningQuery(settings, connections, dependencies.metrics ?? createMetrics(), logger);
  const giveUp = (): void => service.giveUp();
  dependencies.signal?.addEventListener("abort", giveUp, { once: true });
  try {
    await service.start();
  } catch (error) {
    await service.stop();
    throw error;
  } finally {
    dependencies.signal?.removeEventListener("abort", giveUp);
  }
  return service;
}

/** Of the time that stopping may take, for open requests. */
const REQUESTS_SHARE = 0.4;
/** And then for what waits for Kafka and Redis. */
const END_SHARE = 0.5;

/** The parts of a service and the order in which they come up and go down. */
class RunningQuery implements QueryService {
  readonly #settings: QueryServiceSettings;
  readonly #connections: QueryConnections;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #observers: QueryMetrics;
  readonly #latest: GuardedLatestStates;
  readonly #tracker: LogTracker;
  readonly #lagReasons: LagReasons;
  readonly #keeper: ViewKeeper;
  readonly #freshness: Freshness;
  readonly #status: StatusService;
  readonly #questions = new OpenQuestions();
  readonly #startedAtMs = performance.now();
  #http: RouteServer | undefined;
  #operations: OperationsServer | undefined;

  constructor(
    settings: QueryServiceSettings,
    connections: QueryConnections,
    metrics: Metrics,
    logger: Logger,
  ) {
    const { fleet, query } = settings;
    const names = fleetNames(fleet.name);
    this.#settings = settings;
    this.#connections = connections;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#observers = createQueryMetrics(metrics, {
      state: () => this.#keeper.state,
      hasCaughtUp: () => this.#keeper.progress()?.hasCaughtUp ?? false,
      lagRecords: () => this.#freshness.viewLagRecords(),
      lagSeconds: () => this.#freshness.worstViewLag(),
      servers: () => this.#serverChecks(),
    });
    const { auditReader, positionReader, groupOffsets, redisFleet, openStore } = connections;
    addConsumerLagMetrics(metrics, {
      group: names.workerGroup,
      topic: names.eventsTopic,
      partitions: fleet.partitions,
      positions: () => this.#tracker.positions,
      lagOf: (partition, offset) => this.#freshness.lagOf(partition, offset),
      lagReasons: () => this.#lagReasons.lagReasons,
      members: async () => (await groupOffsets.membership(names.workerGroup, names.eventsTopic)).members,
    });
    const { serverFailed, folding } = this.#observers;
    this.#latest = new GuardedLatestStates({
      inner: connections.latest,
      deadlineMs: query.redisDeadlineMs,
      onError: (error) => serverFailed("redis", error),
    });
    const fleetId = (): string | undefined => this.#keeper.fleetId;
    this.#tracker = new LogTracker({
      names,
      reader: positionReader,
      groupOffsets,
      fleetId,
      onError: (error) => serverFailed("kafka", error),
      logger,
    });
    this.#lagReasons = new LagReasons({
      names,
      positions: () => this.#tracker.positions,
      groupOffsets,
      reader: positionReader,
      logger,
    });
    const observer = bothObservers(folding, () => this.#status.tally);
    this.#keeper = new ViewKeeper({
      fleet,
      query,
      reader: auditReader,
      redisFleet,
      openStore,
      observer,
      questions: this.#questions,
      logger,
    });
    const measured = {
      reader: positionReader,
      eventsTopic: names.eventsTopic,
      partitions: fleet.partitions,
      view: this.#keeper.progress,
    };
    const { lately } = this.#tracker;
    this.#freshness = new Freshness({ tracker: this.#tracker, ...measured });
    this.#status = new StatusService({
      names,
      partitions: fleet.partitions,
      reader: positionReader,
      groupOffsets,
      tracker: lately,
      freshness: new Freshness({ tracker: lately, ...measured }),
      keeper: this.#keeper,
      isRedisReachable: () => isReachable(this.#latest),
      lagReasons: this.#lagReasons,
      logger,
    });
  }

  async start(): Promise<void> {
    const { fleet, query, operations } = this.#settings;
    const logger = this.#logger;
    this.#tracker.start();
    this.#lagReasons.start();
    this.#status.start();
    this.#operations = await startOperationsServer({
      ...operations,
      metrics: this.#metrics,
      live: {},
      ready: readyChecks({
        latest: this.#latest,
        keeper: this.#keeper,
        graceMs: query.catchUpGraceMs,
        upForMs: () => performance.now() - this.#startedAtMs,
      }),
      tolerated: this.#serverChecks(),
      logger,
    });
    this.#http = await createHttpServer({
      answers: new Answers({
        latest: this.#latest,
        view: this.#keeper.ready,
        freshness: this.#freshness,
        partitions: fleet.partitions,
        questions: this.#questions,
        logger,
      }),
      health: () => this.#health(),
      status: this.#status.board,
      observer: this.#observers.answers,
      logger,
    });
    await listen(this.#http, query);
    logger.info("query service listens", { host: query.host, port: this.port });
    await this.#keeper.start();
  }

  #serverChecks(): ReturnType<typeof serverChecks> {
    const hasSeenLogs = (): boolean => this.#tracker.positions !== undefined;
    return serverChecks({ latest: this.#latest, hasSeenLogs });
  }

  get port(): number {
    const address = this.#http?.server.address();
    return typeof address === "object" && address !== null ? address.port : this.#settings.query.port;
  }

  get operationsPort(): number {
    return this.#operations?.port ?? this.#settings.operations.port;
  }

  get ended(): Promise<void> {
    return this.#keeper.ended;
  }

  /** Waits for no server any more. */
  giveUp(): void {
    this.#endWaiting().catch((error: unknown) => this.#logger.debug("giving up failed", { error }));
  }

  async #endWaiting(): Promise<void> {
    await Promise.all([
      this.#end("view", this.#keeper.stop()),
      this.#end("lag", this.#tracker.stop()),
      this.#end("lag reasons", this.#lagReasons.stop()),
      this.#end("status", this.#status.stop()),
      this.#end("connections", this.#connections.disconnect()),
    ]);
  }

  /** A server that hangs must not hold up the process's end, which closes its connections all the same. */
  async #end(part: string, ended: Promise<void>, share = END_SHARE): Promise<void> {
    const deadlineMs = this.#settings.query.drainDeadlineMs * share;
    await withDeadline(deadlineMs, ended, () => {
      this.#logger.warn("not ended in time", { part, deadlineMs });
    });
  }

  /** Who has no answer by then is cut off: the view is to be closed, as one left open is slow to open again. */
  async #endRequests(http: RouteServer): Promise<void> {
    await this.#end("requests", http.close(), REQUESTS_SHARE);
    http.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    if (this.#http !== undefined) await this.#endRequests(this.#http);
    await this.#endWaiting();
    await this.#connections.release();
    await this.#operations?.close();
  }

  async #health(): Promise<Health> {
    const [lag, reachable] = await Promise.all([this.#freshness.worstViewLag(), isReachable(this.#latest)]);
    const progress = this.#keeper.progress();
    return {
      fleet: this.#settings.fleet.name,
      latest: { reachable },
      view: {
        state: this.#keeper.state,
        hasCaughtUp: progress?.hasCaughtUp ?? false,
        lagRecords: this.#freshness.viewLagRecords() ?? null,
        lagSeconds: lag === "unknown" ? null : lag,
        unreadableRecords: this.#keeper.unreadableRecords,
      },
    };
  }
}

async function isReachable(latest: GuardedLatestStates): Promise<boolean> {
  return await latest.probe().then(
    () => true,
    () => false,
  );
}
