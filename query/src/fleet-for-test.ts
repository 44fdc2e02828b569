import {
  AuditEntryEncoder,
  auditEntryKey,
  bodyOf,
  emptyAttributes,
  EventEncoder,
  eventIdOfContent,
  evolveEventSchema,
  fleetNames,
  fleetRecordKey,
  newFleetRecord,
  partitionOf,
  printFleetRecord,
  schemaCopyKey,
  type Appender,
  type Attributes,
  type EventSchema,
  type FleetNames,
  type FleetRecord,
  type MaxFutureSkew,
} from "@lastknown/shared";

export const TEST_EVENT_SCHEMA: EventSchema = evolveEventSchema(undefined, [
  { header: "letter", type: "string" },
  { header: "battery (%)", type: "double" },
]);
export const TEST_EVENT_SCHEMA_ID = 11;
const AUDIT_SCHEMA_ID = 12;

export interface EventFacts {
  readonly user: string;
  readonly timeStamp: number;
  readonly sts: number;
  readonly attributes?: Attributes;
  /** As the audit's entry tells it; long ago unless given. */
  readonly appendedAtMs?: number;
}

/** A record as a test published it. */
export interface Published extends EventFacts {
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
}

/** Does to a fleet's topics what producer and worker do, in the order that a test wants. */
export class FleetForTest {
  readonly names: FleetNames;
  readonly record: FleetRecord;
  readonly #appender: Appender;
  readonly #events = new EventEncoder(TEST_EVENT_SCHEMA, TEST_EVENT_SCHEMA_ID);
  readonly #entries = new AuditEntryEncoder(AUDIT_SCHEMA_ID);
  /** Partition → the next offset of the events topic. */
  readonly #ends = new Map<number, number>();

  constructor(options: {
    fleet: string;
    appender: Appender;
    partitions: number;
    maxFutureSkew?: MaxFutureSkew;
  }) {
    this.names = fleetNames(options.fleet);
    this.#appender = options.appender;
    this.record = newFleetRecord(options.partitions, options.maxFutureSkew ?? 300_000_000);
  }

  /** Fleet record and schema copy into each audit partition. */
  async establish(): Promise<void> {
    const value = Buffer.from(printFleetRecord(this.record));
    const records = this.#partitions.map((partition) => ({ partition, key: fleetRecordKey(), value }));
    await this.#appender.append(this.names.auditTopic, records);
    await this.copySchema();
  }

  /** As each worker does before the first entry that it writes with the schema. */
  async copySchema(): Promise<void> {
    const key = schemaCopyKey(TEST_EVENT_SCHEMA_ID);
    const value = Buffer.from(TEST_EVENT_SCHEMA.text);
    const records = this.#partitions.map((partition) => ({ partition, key, value }));
    await this.#appender.append(this.names.auditTopic, records);
  }

  get #partitions(): number[] {
    return Array.from({ length: this.record.partitions }, (_, partition) => partition);
  }

  /** Appends events to the events topic alone. */
  async publish(facts: readonly EventFacts[]): Promise<Published[]> {
    const published = facts.map((fact) => this.#place(fact));
    await this.#appender.append(
      this.names.eventsTopic,
      published.map((event) => ({
        partition: event.partition,
        key: Buffer.from(event.user),
        value: this.#encoded(event),
      })),
    );
    return published;
  }

  /** Appends the audit's entries of what was published, once per mention and in this order. */
  async audit(published: readonly Published[]): Promise<void> {
    await this.#appender.append(
      this.names.auditTopic,
      published.map((event) => {
        const { user, partition, offset, eventId } = event;
        const body = bodyOf(this.#encoded(event));
        const entry = {
          partition,
          offset,
          appendedAtMs: event.appendedAtMs ?? 1_700_000_000_000 + offset,
          schemaId: TEST_EVENT_SCHEMA_ID,
        };
        const value = this.#entries.encode({ ...entry, event: body });
        return { partition, key: auditEntryKey(user, partition, offset, eventId), value };
      }),
    );
  }

  async publishAndAudit(facts: readonly EventFacts[]): Promise<Published[]> {
    const published = await this.publish(facts);
    await this.audit(published);
    return published;
  }

  #place(fact: EventFacts): Published {
    const partition = partitionOf(Buffer.from(fact.user), this.record.partitions);
    const offset = this.#ends.get(partition) ?? 0;
    this.#ends.set(partition, offset + 1);
    const eventId = eventIdOfContent(fact.user, fact.timeStamp, JSON.stringify(fact.attributes ?? {}));
    return { ...fact, partition, offset, eventId };
  }

  #encoded({ eventId, user, timeStamp, sts, attributes = emptyAttributes() }: Published): Buffer {
    return this.#events.encode({ eventId, user, timeStamp, sts, attributes });
  }
}
