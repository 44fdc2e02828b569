import { isUtf8 } from "node:buffer";
import type { LogRecord } from "@lastknown/shared";

/** A dead letter as it stands in its topic. What could not be known of the record is absent. */
export interface DeadLetter {
  /** Where it stands in the dead-letter topic. */
  readonly partition: number;
  readonly offset: number;
  readonly deadLetteredAtMs: number;
  /** The same for each copy of one source's dead letter. */
  readonly key: Buffer | null;
  readonly reason: string;
  readonly error: string;
  /** Where the record came from: `topic/partition/offset`. */
  readonly source: string;
  /** The worker's own, which are text, and those that the record had, which may be any bytes. */
  readonly headers: Readonly<Record<string, Buffer>>;
  /** The record's value, byte for byte (cut where it was too large). */
  readonly value: Buffer;
}

/** What the table of `dlq list` shows of a dead letter. */
export type ListedDeadLetter = Omit<DeadLetter, "key" | "headers" | "value">;

export function listedDeadLetter(letter: DeadLetter): ListedDeadLetter {
  const { partition, offset, deadLetteredAtMs, reason, error, source } = letter;
  return { partition, offset, deadLetteredAtMs, reason, error, source };
}

export function deadLetterOf(partition: number, record: LogRecord): DeadLetter {
  const { headers } = record;
  const header = (name: string): string => headers[name]?.toString() ?? "";
  return {
    partition,
    offset: record.offset,
    deadLetteredAtMs: record.appendedAtMs,
    key: record.key,
    reason: header("reason"),
    error: header("error"),
    source: `${header("topic")}/${header("partition")}/${header("offset")}`,
    headers,
    value: record.value ?? Buffer.alloc(0),
  };
}

/** How many bytes the record's value had, where its dead letter holds fewer of them. */
export function wholeBytesOfCut({ headers, value }: DeadLetter): number | undefined {
  const wholeBytes = Number(headers["length"]?.toString());
  return Number.isSafeInteger(wholeBytes) && wholeBytes > value.length ? wholeBytes : undefined;
}

/** The header's text, or undefined where its bytes are none: then they are shown as they are. */
export function headerText(value: Buffer): string | undefined {
  return isUtf8(value) ? value.toString() : undefined;
}
