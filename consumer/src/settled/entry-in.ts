import {
  auditRecordKind,
  decodeAuditEntry,
  MalformedAvroError,
  type AuditEntry,
  type LogRecord,
} from "@lastknown/shared";

/** The entry that a record of the audit holds; undefined for others, and for an entry that cannot be read. */
export function entryIn({ key, value }: LogRecord): AuditEntry | undefined {
  if (key === null || value === null || auditRecordKind(key)?.kind !== "entry") return undefined;
  try {
    return decodeAuditEntry(value);
  } catch (error) {
    if (error instanceof MalformedAvroError) return undefined;
    throw error;
  }
}
