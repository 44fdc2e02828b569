import { readEvents, schemaIdsOf, type EventsRead } from "./judges/read-events.js";
import { USUAL_FUTURE_SKEW, type FutureSkew } from "./meaning/order.js";
import type { Timeline } from "./meaning/timeline.js";
import { foldAll } from "./recompute.js";
import type { OracleLogin } from "./servers/oracle-login.js";
import { readEnds, readTopic } from "./servers/read-topic.js";
import { readRedisFleet, type RedisFleet } from "./servers/redis-fleet.js";
import { readSchemaTexts, type SchemaTexts } from "./servers/schema-texts.js";
import type { TopicRecord } from "./servers/topic-record.js";

export interface FleetPlace {
  readonly fleet: string;
  /** `host:port`, separated by commas. */
  readonly brokers: string;
  readonly redisNodes: string;
  /** As LASTKNOWN_REGISTRY_URL has it. */
  readonly registryUrl: string;
  /** What the audit topic takes, where that is less than the events topic does; else all of them fit. */
  readonly auditRecordBytesMax?: number;
  /** Users whose records the product under test was made to fail of; each belongs to the dead letters. */
  readonly fatalUsers?: ReadonlySet<string>;
  readonly maxFutureSkew?: FutureSkew;
  /** For servers that take TLS and logins only. */
  readonly login?: OracleLogin | undefined;
}

/** All that a fleet's stores hold, and what its events mean. */
export interface FleetEvidence {
  readonly fleet: string;
  readonly eventsTopic: string;
  readonly partitions: number;
  readonly events: readonly TopicRecord[];
  readonly audit: readonly TopicRecord[];
  readonly letters: readonly TopicRecord[];
  readonly schemas: SchemaTexts;
  readonly read: EventsRead;
  readonly timelines: ReadonlyMap<string, Timeline>;
  readonly redis: RedisFleet;
}

/** Reads everything, by tools that are none of the product's. */
export async function readFleet(place: FleetPlace): Promise<FleetEvidence> {
  const { fleet, brokers, login } = place;
  const eventsTopic = `${fleet}.events`;
  const topics = [eventsTopic, `${fleet}.audit`, `${fleet}.dlq`] as const;
  const ends = await readEnds(brokers, topics, login);
  const events = await readTopic({ brokers, topic: topics[0], login }, ends[0]);
  const audit = await readTopic({ brokers, topic: topics[1], login }, ends[1]);
  const letters = await readTopic({ brokers, topic: topics[2], login }, ends[2]);
  const schemas = await readSchemaTexts(place.registryUrl, schemaIdsOf(events), login);
  const partitions = ends[0]?.size ?? 0;
  const read = readEvents(events, schemas, partitions, {
    ...(place.auditRecordBytesMax === undefined ? {} : { valueBytesMax: place.auditRecordBytesMax }),
    ...(place.fatalUsers === undefined ? {} : { fatalUsers: place.fatalUsers }),
  });
  const timelines = foldAll(read.arrivals, place.maxFutureSkew ?? USUAL_FUTURE_SKEW);
  const redis = await readRedisFleet(place.redisNodes, fleet, login);
  return { fleet, eventsTopic, partitions, events, audit, letters, schemas, read, timelines, redis };
}
