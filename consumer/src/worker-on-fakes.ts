import {
  AUDIT_ENTRY_SCHEMA,
  createMetrics,
  establishFleet,
  EventEncoder,
  eventIdOfContent,
  evolveEventSchema,
  fleetNames,
  loadSettings,
  MemoryFleetRecordCell,
  MemoryLog,
  MemorySchemaRegistry,
  partitionOf,
  printCommitNote,
  silentLogger,
  type Appender,
  type AppendRecord,
  type Attributes,
  type Event,
  type FleetRecord,
  type Logger,
  type LogReader,
  type Metrics,
  type WorkerSettings,
} from "@lastknown/shared";
import { Patience } from "./faults/patience.js";
import { MemoryCoordinator, MemoryWorkerGroup } from "./group/memory/memory-worker-group.js";
import type { WorkerGroup } from "./group/worker-group.js";
import { EventJudge } from "./pipeline/event-judge.js";
import { WriterSchemas } from "./pipeline/writer-schemas.js";
import { MemorySchemaCopies } from "./schemas/memory/memory-schema-copies.js";
import { AssignedFleet } from "./starting/assigned-fleet.js";
import { MemoryStateStore } from "./states/memory/memory-state-store.js";
import type { StateStore } from "./states/state-store.js";
import { createWorkerMetrics } from "./worker-metrics.js";
import { Worker } from "./worker.js";

const MAX_FUTURE_SKEW = 300_000_000;
const SCHEMA = evolveEventSchema(undefined, [{ header: "note", type: "string" }]);

/** What a test puts in the place of a server, to make it fail. */
export interface Replacements {
  readonly appender?: Appender;
  readonly states?: StateStore;
  readonly group?: WorkerGroup;
  readonly reader?: LogReader;
  /** Made of the judge that a worker would have. */
  readonly judge?: (judge: EventJudge) => Pick<EventJudge, "judge">;
}

/** The servers of one fleet in memory, and workers on them. */
export class FakeFleet {
  readonly names = fleetNames("test");
  readonly partitions: number;
  readonly log: MemoryLog;
  readonly registry = new MemorySchemaRegistry();
  readonly coordinator: MemoryCoordinator;
  readonly states = new MemoryStateStore();
  /** The fleet record's place beside the states. */
  readonly redis = new MemoryFleetRecordCell();
  #record: FleetRecord | undefined;
  readonly schemaCopies = new MemorySchemaCopies();
  #encoder: EventEncoder | undefined;
  #auditSchemaId = 0;

  constructor(partitions: number, options: { auditBytesMax?: number } = {}) {
    const { eventsTopic, auditTopic, deadLetterTopic } = this.names;
    const topics = { [eventsTopic]: partitions, [auditTopic]: partitions, [deadLetterTopic]: partitions };
    this.partitions = partitions;
    this.log = new MemoryLog({ topics, recordBytesMax: options.auditBytesMax ?? 1024 * 1024 });
    this.coordinator = new MemoryCoordinator(partitions);
  }

  /** Known once the fleet was created. */
  get record(): FleetRecord {
    return this.#record as FleetRecord;
  }

  async create(): Promise<void> {
    const { names, log: reader, log: appender, redis, partitions } = this;
    const { eventsSubject, auditSubject } = names;
    this.#record = await establishFleet(
      { names, reader, appender, redis },
      { partitions, maxFutureSkew: MAX_FUTURE_SKEW },
    );
    this.#encoder = new EventEncoder(SCHEMA, await this.registry.register(eventsSubject, SCHEMA.text));
    this.#auditSchemaId = await this.registry.register(auditSubject, AUDIT_ENTRY_SCHEMA);
  }

  /** @param identity the attributes that name the observation; all of them by default */
  eventOf(event: Omit<Event, "eventId">, identity: Attributes = event.attributes): Event {
    const { user, timeStamp } = event;
    return { ...event, eventId: eventIdOfContent(user, timeStamp, JSON.stringify(identity)) };
  }

  recordOf(event: Event): AppendRecord<Buffer> {
    const key = Buffer.from(event.user);
    const value = (this.#encoder as EventEncoder).encode(event);
    return { partition: partitionOf(key, this.partitions), key, value };
  }

  async produce(records: readonly AppendRecord[]): Promise<void> {
    await this.log.append(this.names.eventsTopic, records);
  }

  /** The fleet's store, but that its updates are made otherwise. */
  storeWith(apply: StateStore["apply"]): StateStore {
    return {
      apply,
      rebuild: (calls) => this.states.rebuild(calls),
      progress: (buckets) => this.states.progress(buckets),
    };
  }

  /** A worker that is quick to commit and to fetch. */
  worker(
    options: Replacements & { settings?: Partial<WorkerSettings>; metrics?: Metrics; logger?: Logger } = {},
  ): Worker {
    const settings = { ...loadSettings({ environment: {} }).worker, ...QUICK, ...options.settings };
    const { retryDelayMs: delayMs, retryDelayMaxMs: delayMaxMs } = settings;
    const patience = new Patience({ delayMs, delayMaxMs, logger: silentLogger });
    const judge = new EventJudge({
      partitions: this.partitions,
      maxFutureSkew: MAX_FUTURE_SKEW,
      auditSchemaId: this.#auditSchemaId,
    });
    const fleet = new AssignedFleet({
      names: this.names,
      record: this.record,
      reader: this.log,
      redis: this.redis,
      redisDeadlineMs: settings.redisDeadlineMs,
      patience,
    });
    return new Worker({
      names: this.names,
      partitions: this.partitions,
      maxFutureSkew: MAX_FUTURE_SKEW,
      settings,
      reader: options.reader ?? this.log,
      appender: options.appender ?? this.log,
      group: options.group ?? new MemoryWorkerGroup(this.coordinator),
      fleet,
      states: options.states ?? this.states,
      schemas: new WriterSchemas({
        registry: this.registry,
        copies: this.schemaCopies,
        reader: options.reader ?? this.log,
        auditTopic: this.names.auditTopic,
        auditSchemaId: this.#auditSchemaId,
        patience,
        logger: silentLogger,
      }),
      judge: options.judge?.(judge) ?? judge,
      patience,
      metrics: (worker) => {
        const gauges = {
          queueBytes: () => worker.queueBytes,
          assignedPartitions: () => worker.partitions.length,
          waitingOn: () => patience.waitingOn(),
        };
        return createWorkerMetrics(options.metrics ?? createMetrics(), gauges, settings.countBy);
      },
      logger: options.logger ?? silentLogger,
    });
  }

  /** As one of the fleet's workers commits. */
  commit(partition: number, offset: number): void {
    this.coordinator.committed.set(partition, offset);
    this.coordinator.notes.set(partition, printCommitNote({ fleet: this.record.id }));
  }

  /** Whether the group has committed everything. */
  async isCaughtUp(): Promise<boolean> {
    const ends = await this.log.ends(this.names.eventsTopic);
    return [...ends].every(
      ([partition, { end }]) => (this.coordinator.committed.get(partition) ?? 0) === end,
    );
  }
}

const QUICK: Partial<WorkerSettings> = {
  commitIntervalMs: 1,
  fetchWaitMs: 2,
  lingerMs: 0,
  retryDelayMs: 1,
  retryDelayMaxMs: 4,
  drainDeadlineMs: 2000,
};
