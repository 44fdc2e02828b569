import { EVENT_ID_BYTES, type EventId } from "../domain/event-id.js";
import { readUint64, writeUint64 } from "../domain/int64.js";
import { ByteReader, MalformedAvroError } from "./byte-reader.js";
import { FRAME_BYTES, framedSchemaId, writeFrame } from "./framing.js";
import { sizeOfLong, writeLong } from "./long.js";
import { areSameBytes } from "./same-bytes.js";

/**
 * One arrival, as the audit keeps it. A pure function of the source record, so that redelivery writes identical
 * bytes: nothing observed at processing time (a verdict, a worker's name, a clock) may ever come in.
 */
export interface AuditEntry {
  /** Where the source record stands in the events topic. */
  readonly partition: number;
  readonly offset: number;
  /** When the broker appended the source record, in ms since 1970. */
  readonly appendedAtMs: number;
  /** The writer's schema of the event. */
  readonly schemaId: number;
  /** The event's own Avro body, without framing. */
  readonly event: Buffer;
}

/** Registered under `<fleet>.audit-value`. */
export const AUDIT_ENTRY_SCHEMA = JSON.stringify({
  type: "record",
  name: "AuditEntry",
  namespace: "lastknown",
  fields: [
    { name: "partition", type: "int" },
    { name: "offset", type: "long" },
    { name: "appended_at", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "schema_id", type: "int" },
    { name: "event", type: "bytes" },
  ],
});

/** All of an entry but its event. */
export type EntryPlace = Omit<AuditEntry, "event">;

/** Writes audit entries, framed with the id of AUDIT_ENTRY_SCHEMA. */
export class AuditEntryEncoder {
  readonly #schemaId: number;

  constructor(schemaId: number) {
    this.#schemaId = schemaId;
  }

  encode({ event, ...place }: AuditEntry): Buffer {
    const bytes = Buffer.allocUnsafe(this.lengthOf(place, event.length));
    this.write(bytes, 0, place, { bytes: event, from: 0 });
    return bytes;
  }

  /** Bytes of the entry. Throws RangeError where the place holds what is no exact integer. */
  lengthOf({ partition, offset, appendedAtMs, schemaId }: EntryPlace, eventBytes: number): number {
    return (
      FRAME_BYTES +
      sizeOfLong(partition) +
      sizeOfLong(offset) +
      sizeOfLong(appendedAtMs) +
      sizeOfLong(schemaId) +
      sizeOfLong(eventBytes) +
      eventBytes
    );
  }

  /** Writes the entry of an event that begins at `from` in its bytes and ends with them. */
  write(
    target: Buffer,
    start: number,
    { partition, offset, appendedAtMs, schemaId }: EntryPlace,
    { bytes, from }: { readonly bytes: Buffer; readonly from: number },
  ): void {
    const eventBytes = bytes.length - from;
    let at = writeFrame(target, start, this.#schemaId);
    at = writeLong(target, at, partition);
    at = writeLong(target, at, offset);
    at = writeLong(target, at, appendedAtMs);
    at = writeLong(target, at, schemaId);
    at = writeLong(target, at, eventBytes);
    if (eventBytes > FEW_BYTES) bytes.copy(target, at, from);
    else for (let index = 0; index < eventBytes; index++) target[at + index] = bytes[from + index] as number;
  }
}

/** Up to so many bytes are copied one by one: to enter the runtime for them would cost more. */
const FEW_BYTES = 256;

/**
 * Reads a framed entry; `event` is a view into `value`. The append time may be any: where a topic takes it from who
 * writes, that can be -1.
 *
 * @throws MalformedAvroError also where no record has such a partition or offset, and no schema such an id
 */
export function decodeAuditEntry(value: Buffer): AuditEntry {
  if (framedSchemaId(value) === undefined) throw new MalformedAvroError("an audit entry is not framed");
  const reader = new ByteReader(value, FRAME_BYTES);
  const partition = requireUpTo(UINT32_MAX, reader.long(), "partition");
  const offset = requireUpTo(Number.MAX_SAFE_INTEGER, reader.long(), "offset");
  const appendedAtMs = reader.long();
  const schemaId = requireUpTo(UINT32_MAX, reader.long(), "schema id");
  const event = reader.bytes();
  if (!reader.atEnd) throw new MalformedAvroError("an audit entry goes on after its last field");
  return { partition, offset, appendedAtMs, schemaId, event };
}

function requireUpTo(max: number, value: number, name: string): number {
  if (value >= 0 && value <= max) return value;
  throw new MalformedAvroError(`an audit entry has the ${name} ${value}`);
}

/** Keys and frames have so much room for a partition and for a schema's id. */
const UINT32_MAX = 2 ** 32 - 1;
/** Partition u32, offset u64. */
const PLACE_BYTES = 4 + 8;
const COORDINATES_BYTES = PLACE_BYTES + EVENT_ID_BYTES;
const FLEET_KEY = "fleet";
const SCHEMA_KEY = /^schema:(\d{1,10})$/;

/**
 * The key of an arrival's entry: user, partition u32, offset u64, event id. Injective, for all after the user
 * has a fixed length; so compaction removes nothing but what redelivery doubled.
 */
export function auditEntryKey(user: string, partition: number, offset: number, eventId: EventId): Buffer {
  const userBytes = Buffer.byteLength(user);
  const key = Buffer.allocUnsafe(userBytes + COORDINATES_BYTES);
  key.write(user, 0, userBytes, "utf8");
  writePlace(key, userBytes, partition, offset);
  key.write(eventId, userBytes + PLACE_BYTES, EVENT_ID_BYTES, "hex");
  return key;
}

/** Bytes of the key of an entry about a user of so many. */
export function auditEntryKeyLength(userBytes: number): number {
  return userBytes + COORDINATES_BYTES;
}

/** Writes the same, by the user's bytes, of an event whose body begins, with its id, at `from` in its bytes. */
export function writeAuditEntryKey(
  target: Buffer,
  start: number,
  { user, partition, offset }: { readonly user: Buffer } & Pick<AuditEntry, "partition" | "offset">,
  { bytes, from }: { readonly bytes: Buffer; readonly from: number },
): void {
  for (let index = 0; index < user.length; index++) target[start + index] = user[index] as number;
  const placeAt = start + user.length;
  writePlace(target, placeAt, partition, offset);
  const idAt = placeAt + PLACE_BYTES;
  for (let index = 0; index < EVENT_ID_BYTES; index++) target[idAt + index] = bytes[from + index] as number;
}

function writePlace(key: Buffer, at: number, partition: number, offset: number): void {
  key.writeUInt32BE(partition, at);
  writeUint64(key, offset, at + 4);
}

/** The bytes of the user in the key of an entry; a view. */
export function userInAuditEntryKey(key: Buffer): Buffer {
  return key.subarray(0, key.length - COORDINATES_BYTES);
}

/** Whether the key is this entry's, by the event's own bytes. Throws MalformedAvroError where these hold no user. */
export function isAuditEntryKey(key: Buffer, { partition, offset, event }: AuditEntry): boolean {
  const reader = new ByteReader(event, EVENT_ID_BYTES);
  const userBytes = reader.long();
  return (
    userBytes >= 0 &&
    key.length === auditEntryKeyLength(userBytes) &&
    areSameBytes(key, 0, event, reader.position, userBytes) &&
    key.readUInt32BE(userBytes) === partition &&
    readUint64(key, userBytes + 4) === offset &&
    areSameBytes(key, userBytes + PLACE_BYTES, event, 0, EVENT_ID_BYTES)
  );
}

/** The key of the fleet record, which stands in every audit partition. */
export function fleetRecordKey(): Buffer {
  return Buffer.from(FLEET_KEY);
}

/** The key of a schema's copy. Its value is the schema's text in UTF-8. */
export function schemaCopyKey(schemaId: number): Buffer {
  return Buffer.from(`schema:${schemaId}`);
}

export type AuditRecordKind = { kind: "fleet" } | { kind: "schema"; schemaId: number } | { kind: "entry" };

/** What a record of the audit is, by its key: an entry's key is longer than any other. */
export function auditRecordKind(key: Buffer): AuditRecordKind | undefined {
  if (key.length > COORDINATES_BYTES) return { kind: "entry" };
  const text = key.toString("latin1");
  if (text === FLEET_KEY) return { kind: "fleet" };
  const match = SCHEMA_KEY.exec(text);
  if (match === null || Number(match[1]) > UINT32_MAX) return undefined;
  return { kind: "schema", schemaId: Number(match[1]) };
}

/** The entry of an audit partition that a record of it holds; undefined for others, and where it cannot be read. */
export function auditEntryIn(
  partition: number,
  { key, value }: { readonly key: Buffer | null; readonly value: Buffer | null },
): AuditEntry | undefined {
  if (key === null || value === null || auditRecordKind(key)?.kind !== "entry") return undefined;
  try {
    const entry = decodeAuditEntry(value);
    return entry.partition === partition && isAuditEntryKey(key, entry) ? entry : undefined;
  } catch (error) {
    if (error instanceof MalformedAvroError) return undefined;
    throw error;
  }
}
