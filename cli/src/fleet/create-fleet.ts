import {
  AUDIT_ENTRY_SCHEMA,
  ConfluentSchemaRegistry,
  connectRedis,
  establishFleet,
  FatalError,
  fleetNames,
  isRedisRefusal,
  KafkaAdmin,
  KafkaAppender,
  KafkaLogReader,
  planTopics,
  RedisFleetRecordCell,
  redisRefusal,
  requireReachableBroker,
  waitUntilReady,
  type FleetNames,
  type FleetRecord,
  type Logger,
  type SchemaRegistry,
  type TopicDifference,
  type TopicOutcome,
} from "@lastknown/shared";
import type { Settings } from "@lastknown/shared/settings";
import { quietLogger } from "./fleet-servers.js";

/** What stands after `lastknown topics`. */
export interface CreatedFleet {
  readonly fleet: string;
  readonly record: {
    readonly id: string;
    readonly partitions: number;
    /** null for off. */
    readonly maxFutureSkewSeconds: number | null;
  };
  readonly topics: readonly TopicOutcome[];
  /** What topics that were there before have otherwise than meant. */
  readonly differences: readonly TopicDifference[];
}

/**
 * Creates topics, schema subjects and the fleet record where they are missing.
 *
 * The subject's compatibility comes before anything can be registered under it, as a registry's default may check
 * nothing; the record comes last, so a fleet that has one is whole.
 */
export async function createFleet(settings: Settings): Promise<CreatedFleet> {
  const logger = quietLogger(settings);
  const names = fleetNames(settings.fleet.name);
  await requireReachableBroker(settings.kafka);
  await prepareSubjects(new ConfluentSchemaRegistry(settings.registry), names);
  const { topics, differences } = await createTopics(settings, names, logger);
  const record = await establishRecord(settings, names, logger);
  return { fleet: names.fleet, record: printableRecord(record), topics, differences };
}

async function prepareSubjects(registry: SchemaRegistry, names: FleetNames): Promise<void> {
  await registry.requireCompatibility(names.eventsSubject);
  await registry.requireCompatibility(names.auditSubject);
  await registry.register(names.auditSubject, AUDIT_ENTRY_SCHEMA);
}

async function createTopics(
  settings: Settings,
  names: FleetNames,
  logger: Logger,
): Promise<{ topics: TopicOutcome[]; differences: TopicDifference[] }> {
  const admin = new KafkaAdmin({ settings: settings.kafka, logger });
  try {
    const brokers = await admin.brokerCount();
    const plans = planTopics(names, settings.topics, { partitions: settings.fleet.partitions, brokers });
    await refuseNewEvents(settings, admin, names, logger);
    const topics = await admin.createTopics(plans);
    return { topics, differences: await admin.describeTopics(plans) };
  } finally {
    await admin.close();
  }
}

/** What an audit holds beside arrivals: the fleet record. */
const RECORDS_OF_NEW_AUDIT = 1;

/** Arrivals name the offsets that they came from: in a new events topic the same offsets would be other records. */
async function refuseNewEvents(
  settings: Settings,
  admin: KafkaAdmin,
  { fleet, eventsTopic, auditTopic }: FleetNames,
  logger: Logger,
): Promise<void> {
  const existing = await admin.partitionCounts([eventsTopic, auditTopic]);
  if (existing.has(eventsTopic) || !existing.has(auditTopic)) return;
  const reader = new KafkaLogReader({ settings: settings.kafka, logger });
  try {
    const ends = [...(await reader.ends(auditTopic)).values()];
    if (ends.every(({ end }) => end <= RECORDS_OF_NEW_AUDIT)) return;
  } finally {
    await reader.close();
  }
  throw new FatalError(`topic ${eventsTopic} is gone, and ${auditTopic} holds what came from it`, {
    fix: `a new one cannot take its place: use another --fleet name than ${fleet}, and take along what the audit holds with lastknown export and replay`,
  });
}

async function establishRecord(settings: Settings, names: FleetNames, logger: Logger): Promise<FleetRecord> {
  const reader = new KafkaLogReader({ settings: settings.kafka, logger });
  const appender = new KafkaAppender({ settings: settings.kafka, logger });
  const redis = connectRedis(settings.redis, logger);
  try {
    await waitUntilReady(redis, settings.redis);
    const stores = { names, reader, appender, redis: new RedisFleetRecordCell(redis, names.fleet) };
    const { partitions, maxFutureSkewMicros: maxFutureSkew } = settings.fleet;
    return await establishFleet(stores, { partitions, maxFutureSkew });
  } catch (error) {
    throw error instanceof Error && isRedisRefusal(error) ? redisRefusal(settings.redis, error) : error;
  } finally {
    redis.disconnect();
    await Promise.all([reader.close(), appender.close()]);
  }
}

function printableRecord({ id, partitions, maxFutureSkew }: FleetRecord): CreatedFleet["record"] {
  const maxFutureSkewSeconds = Number.isFinite(maxFutureSkew) ? maxFutureSkew / 1_000_000 : null;
  return { id, partitions, maxFutureSkewSeconds };
}
