import {
  auditRecordKind,
  decodeAuditEntry,
  decodeEventHead,
  InvalidFleetRecordError,
  isAuditEntryKey,
  isLegalTime,
  MalformedAvroError,
  orderOf,
  parseFleetRecord,
  partitionOf,
  readEvent,
  userIdProblem,
  userInAuditEntryKey,
  type AuditEntry,
  type FleetRecord,
  type LogRecord,
} from "@lastknown/shared";
import type { Arrival } from "../view/arrival.js";
import { isEventSchema, type SchemaCopies } from "../view/schema-copies.js";
import type { SchemaCopy } from "../view/view-store.js";

/** Why a record of the audit could not be taken in; bounded, as it labels a metric. */
export const UNREADABLE_REASONS = ["key", "value", "schema", "event", "place", "fleet"] as const;
export type UnreadableReason = (typeof UNREADABLE_REASONS)[number];

export type AuditRecord =
  | { kind: "arrival"; arrival: Arrival }
  | { kind: "schema"; copy: SchemaCopy }
  | { kind: "fleet"; record: FleetRecord }
  | { kind: "unreadable"; reason: UnreadableReason; detail: string };

export interface AuditContext {
  readonly fleet: FleetRecord;
  /** Those known so far: an entry of another is read as far as its head. */
  readonly schemas: Pick<SchemaCopies, "byId">;
}

/** No user is expected: the id is read. */
const NOBODY = Buffer.alloc(0);

/** Takes a record of one audit partition apart. Bodies are views of the record's value. */
export function readAuditRecord(context: AuditContext, partition: number, record: LogRecord): AuditRecord {
  const { key, value } = record;
  if (key === null) return unreadable("key", "the record has no key");
  if (value === null) return unreadable("value", "the record has no value");
  const kind = auditRecordKind(key);
  switch (kind?.kind) {
    case "entry":
      return readEntry(context, partition, key, value);
    case "schema":
      return readSchemaCopy(kind.schemaId, value.toString());
    case "fleet":
      return readFleetRecord(value.toString());
    case undefined:
      return unreadable("key", "the key is none of an audit");
  }
}

function readEntry(context: AuditContext, partition: number, key: Buffer, value: Buffer): AuditRecord {
  try {
    const entry = decodeAuditEntry(value);
    const arrival = arrivalOf(context, entry);
    const problem = placeProblem(context.fleet, partition, entry, key);
    return problem === undefined ? { kind: "arrival", arrival } : unreadable("place", problem);
  } catch (error) {
    if (error instanceof MalformedAvroError) return unreadable("event", error.message);
    throw error;
  }
}

/**
 * The offset is the source's: the audit's own order changes when compaction keeps the last copy of each arrival,
 * and verdicts must not.
 */
function arrivalOf({ fleet, schemas }: AuditContext, entry: AuditEntry): Arrival {
  const { offset, appendedAtMs, schemaId, event: body } = entry;
  const schema = schemas.byId(schemaId);
  // Compaction can move a schema's copy behind entries that use it; the head has the same form in all versions.
  const head = schema === undefined ? decodeEventHead(body) : readEvent(schema, body, 0, NOBODY);
  const problem = userIdProblem(head.user);
  if (problem !== undefined) throw new MalformedAvroError(problem);
  if (!isLegalTime(head.timeStamp) || !isLegalTime(head.sts))
    throw new MalformedAvroError("a time is out of range");
  const { user } = head;
  return { user, offset, order: orderOf(head, fleet.maxFutureSkew), appendedAtMs, schemaId, body };
}

/** An entry elsewhere than where its user's arrivals belong would be folded apart from them. */
function placeProblem(
  fleet: FleetRecord,
  partition: number,
  entry: AuditEntry,
  key: Buffer,
): string | undefined {
  if (entry.partition !== partition) return `an entry of source partition ${entry.partition}`;
  if (!isAuditEntryKey(key, entry)) return "its key is another entry's";
  const belongs = partitionOf(userInAuditEntryKey(key), fleet.partitions);
  return belongs === partition ? undefined : `its user belongs to partition ${belongs}`;
}

function readSchemaCopy(schemaId: number, text: string): AuditRecord {
  return isEventSchema(text)
    ? { kind: "schema", copy: { schemaId, text } }
    : unreadable("schema", `schema ${schemaId} is no schema of an event`);
}

function readFleetRecord(text: string): AuditRecord {
  try {
    return { kind: "fleet", record: parseFleetRecord(text) };
  } catch (error) {
    if (error instanceof InvalidFleetRecordError) return unreadable("fleet", error.message);
    throw error;
  }
}

function unreadable(reason: UnreadableReason, detail: string): AuditRecord {
  return { kind: "unreadable", reason, detail };
}
