import { AvroBytes, BadAvroError } from "./avro-bytes.js";
import { readFramed } from "./framed.js";

/** What a record of the audit topic says, key and value together. */
export type AuditRecord =
  | { readonly kind: "fleet"; readonly text: string }
  | { readonly kind: "schema"; readonly schemaId: number; readonly text: string }
  | { readonly kind: "entry"; readonly entry: AuditEntry };

export interface AuditEntry {
  /** From the key. */
  readonly user: string;
  readonly eventId: string;
  readonly keyPartition: number;
  readonly keyOffset: number;
  /** From the value. */
  readonly partition: number;
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly schemaId: number;
  readonly event: Buffer;
}

/** What follows the user in an entry's key: partition u32, offset u64, event id. */
const KEY_TAIL_BYTES = 4 + 8 + 16;

/** Reads a record of the audit. Throws BadAvroError. */
export function readAuditRecord(key: Buffer, value: Buffer): AuditRecord {
  if (key.toString() === "fleet") return { kind: "fleet", text: value.toString() };
  const schemaId = /^schema:(\d+)$/.exec(key.toString())?.[1];
  if (schemaId !== undefined && key.length <= KEY_TAIL_BYTES) {
    return { kind: "schema", schemaId: Number(schemaId), text: value.toString() };
  }
  if (key.length <= KEY_TAIL_BYTES) throw new BadAvroError(`no key of the audit: ${key.toString("hex")}`);
  return { kind: "entry", entry: { ...readKey(key), ...readValue(value) } };
}

function readKey(key: Buffer): Pick<AuditEntry, "user" | "eventId" | "keyPartition" | "keyOffset"> {
  const tail = key.length - KEY_TAIL_BYTES;
  return {
    user: key.toString("utf8", 0, tail),
    keyPartition: key.readUInt32BE(tail),
    keyOffset: Number(key.readBigUInt64BE(tail + 4)),
    eventId: key.toString("hex", tail + 12),
  };
}

function readValue(
  value: Buffer,
): Pick<AuditEntry, "partition" | "offset" | "appendedAtMs" | "schemaId" | "event"> {
  const bytes = new AvroBytes(readFramed(value).body);
  const partition = Number(bytes.long());
  const offset = Number(bytes.long());
  const appendedAtMs = Number(bytes.long());
  const schemaId = Number(bytes.long());
  const event = bytes.bytes();
  if (!bytes.atEnd) throw new BadAvroError("the bytes go on after the last field");
  return { partition, offset, appendedAtMs, schemaId, event };
}
