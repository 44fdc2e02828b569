import { BadAvroError } from "../avro/avro-bytes.js";
import { readAuditRecord, type AuditEntry, type AuditRecord } from "../avro/audit-record.js";
import { readFramed } from "../avro/framed.js";
import type { SchemaTexts } from "../servers/schema-texts.js";
import type { TopicRecord } from "../servers/topic-record.js";
import { type Judgement, Tally } from "./judgement.js";
import type { EventsRead } from "./read-events.js";

export interface AuditEvidence {
  /** All records of the events topic, by partition and offset. */
  readonly events: readonly TopicRecord[];
  readonly read: EventsRead;
  readonly audit: readonly TopicRecord[];
  readonly schemas: SchemaTexts;
  /**
   * Whether redelivery may have doubled entries: yes in general, no once compaction has run for real, and no
   * where nothing was ever killed. Doubles are identical bytes in any case.
   */
  readonly doublesAllowed: boolean;
}

/**
 * Whether the audit has one entry for each arrival, made of nothing but its record, in the record's own
 * partition, and none besides; and in each partition that has entries a copy of their schemas and the fleet
 * record.
 */
export function judgeAudit(evidence: AuditEvidence): Judgement {
  const tally = new Tally();
  const { entries, others } = sortRecords(evidence.audit, tally);
  judgeEntries(evidence, entries, tally);
  judgeCopies(evidence, entries, others, tally);
  return tally.judgement;
}

interface Placed<Content> {
  readonly record: TopicRecord;
  readonly content: Content;
}

type Other = Exclude<AuditRecord, { kind: "entry" }>;

function sortRecords(
  records: readonly TopicRecord[],
  tally: Tally,
): { entries: Placed<AuditEntry>[]; others: Placed<Other>[] } {
  const entries: Placed<AuditEntry>[] = [];
  const others: Placed<Other>[] = [];
  for (const record of records) {
    try {
      const content = readAuditRecord(record.key ?? Buffer.alloc(0), record.value ?? Buffer.alloc(0));
      if (content.kind === "entry") entries.push({ record, content: content.entry });
      else others.push({ record, content });
    } catch (cause) {
      if (!(cause instanceof BadAvroError)) throw cause;
      tally.fail(
        `audit ${record.partition}/${record.offset}`,
        "an entry, a schema, the fleet",
        cause.message,
      );
    }
  }
  return { entries, others };
}

function judgeEntries(
  { events, read, doublesAllowed }: AuditEvidence,
  entries: readonly Placed<AuditEntry>[],
  tally: Tally,
): void {
  const bySource = new Map<string, Placed<AuditEntry>[]>();
  for (const placed of entries) {
    const name = `${placed.content.keyPartition}/${placed.content.keyOffset}`;
    const own = bySource.get(name);
    if (own === undefined) bySource.set(name, [placed]);
    else own.push(placed);
  }
  const recordAt = new Map(events.map((record) => [`${record.partition}/${record.offset}`, record]));
  for (const arrival of read.arrivals) {
    const name = `${arrival.source.partition}/${arrival.source.offset}`;
    const found = bySource.get(name) ?? [];
    bySource.delete(name);
    const expected = expectedEntry(arrival, recordAt.get(name) as TopicRecord);
    const [first, ...doubles] = found.map(printEntry);
    tally.check(`entry of ${name}`, expected, first);
    for (const double of doubles) {
      if (doublesAllowed) tally.check(`double of ${name}`, expected, double);
      else tally.fail(`double of ${name}`, undefined, double);
    }
  }
  for (const [name, extra] of bySource) {
    tally.fail(`entry of ${name}`, undefined, extra.map(printEntry));
  }
}

function expectedEntry(
  { user, eventId, source }: EventsRead["arrivals"][number],
  record: TopicRecord,
): Record<string, unknown> {
  const { schemaId, body } = readFramed(record.value ?? Buffer.alloc(0));
  return {
    inPartition: source.partition,
    user,
    eventId,
    keyPartition: source.partition,
    keyOffset: source.offset,
    partition: source.partition,
    offset: source.offset,
    appendedAtMs: record.timestampMs,
    schemaId,
    event: body.toString("hex"),
  };
}

function printEntry({ record, content }: Placed<AuditEntry>): Record<string, unknown> {
  return { inPartition: record.partition, ...content, event: content.event.toString("hex") };
}

function judgeCopies(
  { schemas, doublesAllowed }: AuditEvidence,
  entries: readonly Placed<AuditEntry>[],
  others: readonly Placed<Other>[],
  tally: Tally,
): void {
  const firstUse = new Map<string, number>();
  for (const { record, content } of entries) {
    const name = `${record.partition} schema:${content.schemaId}`;
    if (!firstUse.has(name)) firstUse.set(name, record.offset);
  }
  const copies = new Map<string, number>();
  const fleetTexts = new Set<string>();
  const fleetPartitions = new Set<number>();
  for (const { record, content } of others) {
    if (content.kind === "fleet") {
      fleetTexts.add(content.text);
      fleetPartitions.add(record.partition);
      continue;
    }
    const name = `${record.partition} schema:${content.schemaId}`;
    tally.check(`copy in ${name}`, schemas.get(content.schemaId), content.text);
    if (!copies.has(name)) copies.set(name, record.offset);
  }
  for (const [name, offset] of firstUse) {
    const copy = copies.get(name);
    if (copy === undefined) tally.fail(`copy in ${name}`, "a copy", undefined);
    // Compaction keeps the last copy, so only before it has run is the first one known to come first.
    else if (doublesAllowed) tally.check(`copy in ${name} before its first use`, true, copy < offset);
  }
  tally.check("fleet records that differ", 1, fleetTexts.size);
  for (const partition of new Set(entries.map(({ record }) => record.partition))) {
    tally.check(`fleet record in ${partition}`, true, fleetPartitions.has(partition));
  }
}
