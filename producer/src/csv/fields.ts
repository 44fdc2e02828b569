import type { Dialect } from "./dialect.js";

/**
 * The fields of one record. The record is known to be well-formed (see endOfRecord): a quote opens only at a
 * field's start, and a quote inside a plain field is itself.
 */
export function splitFields(record: string, { separator, quote }: Dialect): string[] {
  if (quote === undefined || !record.includes(quote)) return record.split(separator);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = record.startsWith(quote, at);
    const end = quoted ? endOfQuotes(record, at, quote) : at;
    let next = record.indexOf(separator, end);
    if (next === -1) next = record.length;
    const text = quoted ? record.slice(at + 1, end - 1) : record.slice(at, next);
    fields.push(quoted ? text.replaceAll(quote + quote, quote) : text);
    if (next === record.length) return fields;
    at = next + 1;
  }
}

/** The index behind the quote that closes the one at `at`. */
function endOfQuotes(record: string, at: number, quote: string): number {
  let close = record.indexOf(quote, at + 1);
  while (record[close + 1] === quote) close = record.indexOf(quote, close + 2);
  return close + 1;
}

/** A record's line, with quotes where the field needs them. */
export function joinFields(fields: readonly string[], separator = ","): string {
  const needsQuotes = (field: string): boolean =>
    field.includes(separator) || /["\r\n]/.test(field) || field.startsWith('"');
  return fields
    .map((field) => (needsQuotes(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(separator);
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

export type RecordEnd =
  /** `end` is where the record's line feed stands, or the end of the bytes. */
  | { kind: "ended"; end: number }
  /** The bytes end before the record does. */
  | { kind: "open" }
  /** Text follows a closing quote. */
  | { kind: "malformed" };

/**
 * Finds where a record with quotes ends: a line feed inside quotes belongs to its field.
 *
 * @param complete no more bytes will follow these
 */
export function endOfRecord(
  bytes: Buffer,
  start: number,
  dialect: { separator: number; quote: number },
  complete: boolean,
): RecordEnd {
  const { separator, quote } = dialect;
  let at = start;
  for (;;) {
    if (bytes[at] === quote) {
      const behind = behindQuotes(bytes, at, quote);
      if (behind === undefined) return { kind: "open" };
      at = behind;
      if (at === bytes.length) return complete ? { kind: "ended", end: at } : { kind: "open" };
      if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === undefined) {
        return complete ? { kind: "ended", end: at + 1 } : { kind: "open" };
      }
      if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) at++;
      if (bytes[at] !== separator && bytes[at] !== LINE_FEED) return { kind: "malformed" };
    } else {
      while (at < bytes.length && bytes[at] !== separator && bytes[at] !== LINE_FEED) at++;
    }
    if (at === bytes.length) return complete ? { kind: "ended", end: at } : { kind: "open" };
    if (bytes[at] === LINE_FEED) return { kind: "ended", end: at };
    at++;
  }
}

/** The index behind the closing quote of the one at `at`; undefined while the bytes hold no such. */
function behindQuotes(bytes: Buffer, at: number, quote: number): number | undefined {
  let close = bytes.indexOf(quote, at + 1);
  while (close !== -1 && bytes[close + 1] === quote) close = bytes.indexOf(quote, close + 2);
  return close === -1 ? undefined : close + 1;
}
