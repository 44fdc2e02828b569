import type { LogRecord } from "@lastknown/shared";

/** A dead letter as it stands in its topic. What could not be known of the record is absent. */
export interface DeadLetter {
  /** Where it stands in the dead-letter topic. */
  readonly partition: number;
  readonly offset: number;
  readonly deadLetteredAtMs: number;
  readonly reason: string;
  readonly error: string;
  /** Where the record came from: `topic/partition/offset`. */
  readonly source: string;
  /** Headers as text, the worker's own and those that the record had. */
  readonly headers: Readonly<Record<string, string>>;
  /** The record's value, byte for byte (cut where it was too large). */
  readonly value: Buffer;
}

export function deadLetterOf(partition: number, record: LogRecord): DeadLetter {
  const headers = Object.fromEntries(
    Object.entries(record.headers).map(([name, value]) => [name, value.toString()]),
  );
  const header = (name: string): string => headers[name] ?? "";
  return {
    partition,
    offset: record.offset,
    deadLetteredAtMs: record.appendedAtMs,
    reason: header("reason"),
    error: header("error"),
    source: `${header("topic")}/${header("partition")}/${header("offset")}`,
    headers,
    value: record.value ?? Buffer.alloc(0),
  };
}
