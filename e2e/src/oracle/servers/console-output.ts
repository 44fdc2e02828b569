import { randomBytes } from "node:crypto";
import type { TopicRecord } from "./topic-record.js";

/** Random texts that stand between the parts of a record in the console consumer's output. */
export interface Separators {
  readonly field: string;
  readonly header: string;
  readonly record: string;
  readonly nullValue: string;
}

/** Separators so long and random that no key or value holds one. */
export function newSeparators(): Separators {
  const mark = randomBytes(12).toString("hex");
  return {
    field: `<field ${mark}>`,
    header: `<header ${mark}>`,
    record: `<record ${mark}>`,
    nullValue: `<null ${mark}>`,
  };
}

/** The options that make the console consumer print whole records, exactly, apart from each other. */
export function formatterOptions(separators: Separators): string[] {
  const properties = {
    "print.timestamp": "true",
    "print.partition": "true",
    "print.offset": "true",
    "print.headers": "true",
    "print.key": "true",
    "print.value": "true",
    "key.separator": separators.field,
    "headers.separator": separators.header,
    "line.separator": separators.record,
    "null.literal": separators.nullValue,
  };
  return Object.entries(properties).flatMap(([name, value]) => ["--formatter-property", `${name}=${value}`]);
}

/** Takes the console consumer's output apart into records. Throws on output that it cannot have printed. */
export function parseConsoleOutput(output: Buffer, texts: Separators): TopicRecord[] {
  const separators = bytesOf(texts);
  const parts = split(output, separators.record);
  const rest = parts.pop();
  if (rest !== undefined && rest.length > 0)
    throw new Error(`output goes on: ${rest.toString().slice(0, 200)}`);
  return parts.map((part) => parseRecord(part, separators));
}

/** The separators as they stand in the output, made once and not for each record. */
type SeparatorBytes = { readonly [Name in keyof Separators]: Buffer };

function bytesOf({ field, header, record, nullValue }: Separators): SeparatorBytes {
  return {
    field: Buffer.from(field),
    header: Buffer.from(header),
    record: Buffer.from(record),
    nullValue: Buffer.from(nullValue),
  };
}

function parseRecord(part: Buffer, separators: SeparatorBytes): TopicRecord {
  const [timestamp, partition, offset, headers, key, value, more] = split(part, separators.field);
  if (headers === undefined || key === undefined || value === undefined || more !== undefined) {
    throw new Error(`not a record: ${part.toString().slice(0, 200)}`);
  }
  return {
    timestampMs: numberAfter(timestamp, /^(?:LogAppendTime|CreateTime):(\d+)$/),
    partition: numberAfter(partition, /^Partition:(\d+)$/),
    offset: numberAfter(offset, /^Offset:(\d+)$/),
    headers: parseHeaders(headers, separators),
    key: orNull(key, separators),
    value: orNull(value, separators),
  };
}

function parseHeaders(printed: Buffer, separators: SeparatorBytes): Map<string, Buffer> {
  if (printed.toString() === "NO_HEADERS") return new Map();
  return new Map(
    split(printed, separators.header).map((header) => {
      const colon = header.indexOf(":");
      return [header.toString("utf8", 0, colon), header.subarray(colon + 1)];
    }),
  );
}

function orNull(content: Buffer, { nullValue }: SeparatorBytes): Buffer | null {
  return content.equals(nullValue) ? null : content;
}

function numberAfter(printed: Buffer | undefined, pattern: RegExp): number {
  const digits = pattern.exec(printed?.toString() ?? "")?.[1];
  if (digits === undefined) throw new Error(`not ${pattern.source}: ${printed?.toString().slice(0, 200)}`);
  return Number(digits);
}

function split(content: Buffer, separator: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (;;) {
    const at = content.indexOf(separator, from);
    if (at < 0) {
      parts.push(content.subarray(from));
      return parts;
    }
    parts.push(content.subarray(from, at));
    from = at + separator.length;
  }
}
