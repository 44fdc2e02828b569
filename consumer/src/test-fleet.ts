import { randomUUID } from "node:crypto";
import {
  AUDIT_ENTRY_SCHEMA,
  ConfluentSchemaRegistry,
  connectRedis,
  createKafka,
  establishFleet,
  eventIdOfContent,
  EventEncoder,
  evolveEventSchema,
  fleetNames,
  KafkaAdmin,
  KafkaAppender,
  KafkaLogReader,
  loadSettings,
  partitionOf,
  planTopics,
  RedisFleetRecordCell,
  silentLogger,
  waitUntilReady,
  type AppendRecord,
  type Event,
  type FleetNames,
  type Logger,
  type LogRecord,
  type Settings,
} from "@lastknown/shared";

/** Time-outs short enough for tests, and a port of its own for each worker. */
const TEST_FLAGS = {
  "operations-port": "0",
  "worker-session-timeout-ms": "6000",
  "worker-heartbeat-interval-ms": "300",
  "worker-commit-interval-ms": "100",
};

/** A fleet of its own on the real servers, with what a test needs to play the producer and to look at the results. */
export class TestFleet {
  readonly settings: Settings;
  readonly names: FleetNames;
  readonly admin: KafkaAdmin;
  readonly appender: KafkaAppender;
  readonly reader: KafkaLogReader;
  readonly registry: ConfluentSchemaRegistry;
  readonly redis: ReturnType<typeof connectRedis>;
  #encoder: EventEncoder | undefined;

  constructor(options: { partitions?: number; flags?: Record<string, string>; logger?: Logger } = {}) {
    const { partitions = 4, flags = {}, logger = silentLogger } = options;
    const fleet = `test-${randomUUID()}`;
    this.settings = loadSettings({
      flags: { ...TEST_FLAGS, fleet, partitions: String(partitions), ...flags },
    });
    const { kafka, redis, registry } = this.settings;
    this.names = fleetNames(fleet);
    this.admin = new KafkaAdmin({ settings: kafka, logger });
    this.appender = new KafkaAppender({ settings: kafka, logger });
    this.reader = new KafkaLogReader({ settings: kafka, logger });
    this.registry = new ConfluentSchemaRegistry(registry);
    this.redis = connectRedis(redis, logger);
  }

  /** @param auditBytesMax a lower limit of the audit topic than its plan's */
  async create(auditBytesMax?: number): Promise<void> {
    const { names, settings } = this;
    const { partitions, maxFutureSkewMicros: maxFutureSkew } = settings.fleet;
    const plans = planTopics(names, settings.topics, { partitions, brokers: 1 }).map((plan) => {
      if (plan.topic !== names.auditTopic || auditBytesMax === undefined) return plan;
      return {
        ...plan,
        configuration: { ...plan.configuration, "max.message.bytes": String(auditBytesMax) },
      };
    });
    await this.admin.createTopics(plans);
    await waitUntilReady(this.redis, settings.redis);
    const redis = new RedisFleetRecordCell(this.redis, names.fleet);
    const stores = { names, reader: this.reader, redis, appender: this.appender };
    await establishFleet(stores, { partitions, maxFutureSkew });
    const schema = evolveEventSchema(undefined, [
      { header: "speed", type: "double" },
      { header: "note", type: "string" },
    ]);
    this.#encoder = new EventEncoder(schema, await this.registry.register(names.eventsSubject, schema.text));
    await this.registry.register(names.auditSubject, AUDIT_ENTRY_SCHEMA);
  }

  /** The record that a producer writes for the event. */
  recordOf(event: Omit<Event, "eventId">): AppendRecord<Buffer> {
    const { user, timeStamp, attributes } = event;
    const eventId = eventIdOfContent(user, timeStamp, JSON.stringify(attributes));
    const key = Buffer.from(user);
    const partition = partitionOf(key, this.settings.fleet.partitions);
    return { partition, key, value: (this.#encoder as EventEncoder).encode({ ...event, eventId }) };
  }

  async produce(records: readonly AppendRecord[]): Promise<void> {
    await this.appender.append(this.names.eventsTopic, records);
  }

  /** Every record of a topic, by partition. */
  async recordsOf(topic: string): Promise<Map<number, LogRecord[]>> {
    const records = new Map<number, LogRecord[]>();
    for (const [partition, { start, end }] of await this.reader.ends(topic)) {
      const read: LogRecord[] = [];
      for (let offset = start; offset < end;) {
        const slice = await this.reader.read(topic, partition, offset, { bytesMax: 4 << 20, waitMs: 1000 });
        read.push(...slice.records);
        offset = slice.nextOffset;
      }
      records.set(partition, read);
    }
    return records;
  }

  /** How many records the group has not committed yet. */
  async lag(): Promise<number> {
    const { workerGroup, eventsTopic } = this.names;
    const committed = await this.admin.committed(workerGroup, eventsTopic);
    let lag = 0;
    for (const [partition, { start, end }] of await this.reader.ends(eventsTopic)) {
      lag += end - Math.max(start, committed.get(partition)?.offset ?? 0);
    }
    return lag;
  }

  /** How many members the workers' group has, as its broker tells. */
  async groupMembers(): Promise<number> {
    const admin = createKafka(this.settings.kafka, { logger: silentLogger }).admin();
    await admin.connect();
    try {
      const { groups } = await admin.describeGroups([this.names.workerGroup]);
      return groups.reduce((count, { members }) => count + members.length, 0);
    } finally {
      await admin.disconnect();
    }
  }

  async remove(): Promise<void> {
    const { eventsTopic, auditTopic, deadLetterTopic, fleet } = this.names;
    await this.admin.deleteTopics([eventsTopic, auditTopic, deadLetterTopic]);
    for (const node of this.redis.nodes("master")) {
      for await (const keys of node.scanStream({ match: `${fleet}{*`, count: 1000 })) {
        await Promise.all((keys as string[]).map((key) => this.redis.del(key)));
      }
    }
    this.redis.disconnect();
    await Promise.all([this.admin.close(), this.appender.close(), this.reader.close()]);
  }
}
