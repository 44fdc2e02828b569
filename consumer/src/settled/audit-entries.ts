import {
  auditRecordKind,
  bucketOf,
  decodeAuditEntry,
  decodeEventUser,
  InvalidEventSchemaError,
  isAuditEntryKey,
  isLegalTime,
  isPlainUserId,
  MalformedAvroError,
  OUT_OF_RANGE,
  parseEventSchema,
  readEvent,
  slicesToEnd,
  userIdProblem,
  userInAuditEntryKey,
  type AuditEntry,
  type EventSchema,
  type LogReader,
  type LogRecord,
  type MaxFutureSkew,
  type PartitionEnds,
} from "@lastknown/shared";
import { EventOrder } from "../arrivals/event-order.js";
import type { StateSource } from "../arrivals/newest-states.js";

export interface AuditEntriesOptions {
  readonly reader: Pick<LogReader, "read">;
  readonly auditTopic: string;
  readonly partition: number;
  /** Entries of source offsets from here on are left to the events topic. */
  readonly settledTo: number;
  readonly buckets: ReadonlySet<number>;
  readonly maxFutureSkew: MaxFutureSkew;
}

/** Records that cannot be read: how many, and what is wrong with the first. */
export interface Unreadable {
  readonly offset: number;
  readonly detail: string;
  readonly count: number;
}

/** Arrivals as the audit has them. */
export interface SourcesRead {
  readonly sources: readonly StateSource[];
  readonly unreadable: Unreadable | undefined;
}

/** An entry of one of the buckets, of whose event only the user was looked at. */
interface OwnEntry {
  readonly bucket: number;
  readonly userBytes: Buffer;
  readonly entry: AuditEntry;
}

const READ_BYTES = 4 * 1024 * 1024;

/**
 * Reads the arrivals of some buckets out of the audit's records, by the schemas whose copies stand there: no
 * registry is needed. Compaction can move a copy behind entries that use it; then the copies are looked for up to the
 * partition's end, once.
 */
export class AuditEntries {
  readonly #options: AuditEntriesOptions;
  /** By id; undefined for a copy that is no schema of an event. The first copy of an id counts, as in the view. */
  readonly #schemas = new Map<number, EventSchema | undefined>();
  #isEveryCopyRead = false;

  constructor(options: AuditEntriesOptions) {
    this.#options = options;
  }

  /** @param ends of the whole partition */
  async sourcesOf(records: readonly LogRecord[], ends: PartitionEnds): Promise<SourcesRead> {
    const sources: StateSource[] = [];
    let unreadable: Unreadable | undefined;
    for (const record of records) {
      this.#keepCopy(record);
      try {
        const own = this.#ownEntry(record);
        if (own === undefined) continue;
        const { schemaId } = own.entry;
        // Nearly all have a known schema, and an await for each costs as much as to read the entry.
        const schema = this.#schemas.get(schemaId) ?? (await this.#schemaOf(schemaId, ends));
        sources.push(sourceOf(own, schema, this.#options));
      } catch (error) {
        if (!(error instanceof MalformedAvroError)) throw error;
        const { offset, detail, count } = unreadable ?? { ...record, detail: error.message, count: 0 };
        unreadable = { offset, detail, count: count + 1 };
      }
    }
    return { sources, unreadable };
  }

  #ownEntry({ key, value }: LogRecord): OwnEntry | undefined {
    if (key === null || value === null || auditRecordKind(key)?.kind !== "entry") return undefined;
    const entry = decodeAuditEntry(value);
    const { partition, settledTo, buckets } = this.#options;
    if (entry.partition !== partition || entry.offset >= settledTo) return undefined;
    // The view leaves it out too. It may be of any bucket.
    if (!isAuditEntryKey(key, entry)) throw new MalformedAvroError("its key is another entry's");
    const userBytes = userInAuditEntryKey(key);
    const bucket = bucketOf(userBytes);
    if (!buckets.has(bucket)) return undefined;
    const problem = isPlainUserId(userBytes) ? undefined : userIdProblem(decodeEventUser(entry.event));
    if (problem !== undefined) throw new MalformedAvroError(problem);
    return { bucket, userBytes, entry };
  }

  #keepCopy({ key, value }: LogRecord): void {
    const kind = key === null ? undefined : auditRecordKind(key);
    if (kind?.kind !== "schema" || value === null || this.#schemas.has(kind.schemaId)) return;
    this.#schemas.set(kind.schemaId, parsed(value.toString()));
  }

  async #schemaOf(schemaId: number, ends: PartitionEnds): Promise<EventSchema> {
    if (!this.#schemas.has(schemaId) && !this.#isEveryCopyRead) await this.#readEveryCopy(ends);
    const schema = this.#schemas.get(schemaId);
    if (schema === undefined) throw new MalformedAvroError(`no copy of its schema ${schemaId} is there`);
    return schema;
  }

  async #readEveryCopy(ends: PartitionEnds): Promise<void> {
    const { reader, auditTopic: topic, partition } = this.#options;
    for await (const { records } of slicesToEnd(reader, { topic, partition, ends, bytesMax: READ_BYTES })) {
      for (const record of records) this.#keepCopy(record);
    }
    this.#isEveryCopyRead = true;
  }
}

function sourceOf(
  { bucket, userBytes, entry }: OwnEntry,
  schema: EventSchema,
  { partition, maxFutureSkew }: AuditEntriesOptions,
): StateSource {
  const event = readEvent(schema, entry.event, 0, userBytes);
  // No worker enters such an event.
  if (!isLegalTime(event.timeStamp) || !isLegalTime(event.sts))
    throw new MalformedAvroError(`a time is ${OUT_OF_RANGE}`);
  const order = new EventOrder(event, maxFutureSkew);
  return { partition, bucket, userBytes, record: { offset: entry.offset }, event, order };
}

function parsed(text: string): EventSchema | undefined {
  try {
    return parseEventSchema(text);
  } catch (error) {
    if (error instanceof InvalidEventSchemaError) return undefined;
    throw error;
  }
}
