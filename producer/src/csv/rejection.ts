/**
 * Why a row was not sent. The codes are stable: they stand in the rejects file and in the summary.
 *
 * - `ragged` other number of fields than the header · `quote` a quote is not closed, or text follows it
 * - `too-large` longer than RECORD_BYTES_MAX, or than a Kafka record may be · `nul` · `utf8`
 * - `header-again` the header stands in the middle, as in files that were joined
 * - `no-user`, `bad-user` · `no-time`, `bad-time`, `time-without-zone`, `time-out-of-range`
 * - `local-time-missing`, `local-time-twice` the zone's clock skipped that time, or showed it twice
 * - `not-finite` a number that is past the largest · `type` a value that its column's type cannot hold
 * - `no-event-id` the column of `--event-id-column` is empty
 * - `bad-event-id` the `lastknown.event_id` of an export does not hold what an export writes
 */
export const REJECTION_REASONS = [
  "ragged",
  "quote",
  "too-large",
  "nul",
  "utf8",
  "header-again",
  "no-user",
  "bad-user",
  "no-time",
  "bad-time",
  "time-without-zone",
  "time-out-of-range",
  "local-time-missing",
  "local-time-twice",
  "not-finite",
  "type",
  "no-event-id",
  "bad-event-id",
] as const;

export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** What is wrong with a row, before it is known which row it is. */
export interface Problem {
  readonly reason: RejectionReason;
  /** One sentence for a person, naming the column. */
  readonly detail: string;
}

export interface Rejection extends Problem {
  /** The physical line on which the row starts; the header's is 1. */
  readonly line: number;
  /** The row's bytes as they stand in the file, without the line end; cut where it is very long. */
  readonly raw: Buffer;
}
