import { BadAvroError } from "../avro/avro-bytes.js";
import { EventReader } from "../avro/event-value.js";
import { readFramed } from "../avro/framed.js";
import type { Arrival, Source } from "../event/arrival.js";
import { partitionOf } from "../event/partition.js";
import type { SchemaTexts } from "../servers/schema-texts.js";
import type { TopicRecord } from "../servers/topic-record.js";

/** An arrival together with the record that brought it. */
export interface SourcedArrival extends Arrival {
  readonly source: Source;
}

/** A record that is no event, so it belongs to the dead letters. */
export interface UnreadableRecord {
  readonly source: Source;
  readonly reason: string;
}

export interface EventsRead {
  /** By partition and offset. */
  readonly arrivals: readonly SourcedArrival[];
  readonly unreadable: readonly UnreadableRecord[];
}

/** The ids of the schemas that records of the events topic name. */
export function schemaIdsOf(records: readonly TopicRecord[]): Set<number> {
  const framed = records.filter(({ value }) => value !== null && value.length >= 5 && value[0] === 0);
  return new Set(framed.map(({ value }) => value?.readUInt32BE(1) ?? 0));
}

export interface ReadEventsOptions {
  readonly valueBytesMax?: number;
  readonly fatalUsers?: ReadonlySet<string>;
}

/**
 * Decodes the records of an events topic, given by partition and offset.
 *
 * @param valueBytesMax a longer value is no event, as the audit would not take it
 * @param fatalUsers whose records the product under test was made to fail of
 */
export function readEvents(
  records: readonly TopicRecord[],
  schemas: SchemaTexts,
  partitions: number,
  { valueBytesMax = Infinity, fatalUsers = new Set() }: ReadEventsOptions = {},
): EventsRead {
  const arrivals: SourcedArrival[] = [];
  const unreadable: UnreadableRecord[] = [];
  const reading: Reading = {
    schemas,
    readers: new Map(),
    partitions,
    homes: new Map(),
    valueBytesMax,
    fatalUsers,
  };
  for (const record of records) {
    const source = { partition: record.partition, offset: record.offset };
    const event = readEvent(record, reading);
    if (typeof event === "string") unreadable.push({ source, reason: event });
    else arrivals.push({ ...event, source });
  }
  return { arrivals, unreadable };
}

const EARLIEST = -2_208_988_800_000_000n;
const LATEST = 4_102_444_800_000_000n;
const USER_BYTES_MAX = 256;

interface Reading {
  readonly schemas: SchemaTexts;
  /** Made when they are first needed. */
  readonly readers: Map<number, EventReader>;
  readonly partitions: number;
  /** By user, as far as reckoned. */
  readonly homes: Map<string, number>;
  readonly valueBytesMax: number;
  readonly fatalUsers: ReadonlySet<string>;
}

/** The event, or why the record is none. */
function readEvent(record: TopicRecord, reading: Reading): Arrival | string {
  const { schemas, readers, valueBytesMax } = reading;
  const { key, value, partition } = record;
  if (key === null) return "no key";
  if (value === null) return "no value";
  if (value.length > valueBytesMax) return "too large";
  if (key.length === 0 || key.length > USER_BYTES_MAX || key.includes(0)) return "not a user";
  try {
    const { schemaId, body } = readFramed(value);
    const schema = schemas.get(schemaId);
    if (schema === undefined) return "unknown schema";
    const reader = readers.get(schemaId) ?? new EventReader(schema);
    readers.set(schemaId, reader);
    const event = reader.read(body);
    if (!key.equals(Buffer.from(event.user))) return "the key is not the user";
    if (partition !== homeOf(event.user, reading)) return "wrong partition";
    const legal = [event.timeStamp, event.sts].every((time) => time >= EARLIEST && time <= LATEST);
    if (!legal) return "absurd time";
    return reading.fatalUsers.has(event.user) ? "fatal" : event;
  } catch (cause) {
    if (cause instanceof BadAvroError) return cause.message;
    throw cause;
  }
}

function homeOf(user: string, { homes, partitions }: Reading): number {
  const home = homes.get(user) ?? partitionOf(user, partitions);
  homes.set(user, home);
  return home;
}
