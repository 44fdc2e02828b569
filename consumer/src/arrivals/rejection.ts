import type { LogRecord, Micros } from "@lastknown/shared";

/** Why a record is no event. The codes stand in dead letters and metrics: they are never renamed. */
export const REJECTION_REASONS = [
  /** The record has no key. */
  "null_key",
  /** The key is not valid UTF-8. */
  "invalid_utf8",
  /** The key is no legal user id: empty, too long, or with a NUL. */
  "illegal_user",
  /** The record stands in another partition than its key belongs to. */
  "wrong_partition",
  /** The value is null or does not begin as a framed Avro value does. */
  "not_framed",
  /** The registry itself says that it has no schema of that id. */
  "unknown_schema",
  /** The schema does not begin with the four fields of every event. */
  "wrong_head",
  /** The value is cut short, goes on after its end, or holds what its schema does not allow. */
  "malformed_value",
  /** The event is about another user than the key says. */
  "key_mismatch",
  /** A time outside 1900-01-01 to 2100-01-01. */
  "illegal_time",
  /** The audit does not take so long an entry. */
  "too_large",
  /** An error that nobody foresaw, each time the record was tried. */
  "internal",
] as const;

export type RejectionReason = (typeof REJECTION_REASONS)[number];

/**
 * What follows from the record's bytes alone, so at each delivery. All schemas of events have the same head, of which
 * user and times are read; the rest hangs on the schema's text, and an id can get another one.
 */
const FINAL_REASONS: ReadonlySet<string> = new Set<RejectionReason>([
  "null_key",
  "invalid_utf8",
  "illegal_user",
  "wrong_partition",
  "not_framed",
  "key_mismatch",
  "illegal_time",
]);

/** Whether a record that was rejected for this reason can be an event at no other delivery. */
export function isFinal(reason: string | undefined): boolean {
  return reason !== undefined && FINAL_REASONS.has(reason);
}

/** What could be read of a record before it was rejected. */
export interface PartlyRead {
  readonly user?: string;
  readonly eventId?: string;
  readonly timeStamp?: Micros;
  readonly sts?: Micros;
  readonly schemaId?: number;
}

export interface Rejection {
  readonly kind: "rejected";
  readonly partition: number;
  readonly record: LogRecord;
  readonly reason: RejectionReason;
  /** For a person. A pure function of the record wherever the reason is not `internal`. */
  readonly error: string;
  readonly read: PartlyRead;
}

/** What becomes of a record to which an error is owed that nobody foresaw. */
export function internalRejection(
  partition: number,
  record: LogRecord,
  cause: unknown,
  read: PartlyRead = {},
): Rejection {
  const error = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return { kind: "rejected", partition, record, reason: "internal", error, read };
}
