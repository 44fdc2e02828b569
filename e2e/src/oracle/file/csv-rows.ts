import { isUtf8 } from "node:buffer";

/** One line of a CSV file (or several, where a quoted cell goes on over line ends). */
export type CsvRow =
  | { readonly line: number; readonly kind: "cells"; readonly cells: readonly string[] }
  | { readonly line: number; readonly kind: "broken"; readonly reason: string };

/** A longer row is broken. */
export const ROW_BYTES_MAX = 512 * 1024;

/** The bytes that take a row apart. */
interface Marks {
  readonly separator: number;
  readonly quote: number;
}
/** No byte of a file is this one. */
const NO_BYTE = -1;

const TOO_LARGE = "the row is too large";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** What stands around cells: one ASCII character, or `none`. */
export type Quote = string;

/** The separator that the first line has most of, outside quotes. */
export function detectSeparator(bytes: Buffer, quote: Quote = '"'): string {
  const end = bytes.indexOf(LINE_FEED);
  const whole = bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
  const firstLine =
    quote === "none"
      ? whole
      : whole
          .split(quote)
          .filter((_, part) => part % 2 === 0)
          .join("");
  const count = (separator: string): number => firstLine.split(separator).length;
  return [",", ";", "\t", "|"].reduce((best, other) => (count(other) > count(best) ? other : best));
}

/**
 * All rows of a CSV text by RFC 4180: cells may be quoted, a quote within is doubled, lines end in LF or CRLF.
 * Empty lines are no rows. A row that cannot be read is broken, and reading goes on at the next line.
 */
export function* csvRows(
  bytes: Buffer,
  separator: string,
  quoteMark: Quote = '"',
): Generator<CsvRow, void, undefined> {
  const marks = {
    separator: separator.charCodeAt(0),
    quote: quoteMark === "none" ? NO_BYTE : quoteMark.charCodeAt(0),
  };
  let line = 1;
  let at = 0;
  // The next quote, looked for only once that one is passed: a search from each line would read on to the end.
  let quote = nextQuote(bytes, at, marks);
  while (at < bytes.length) {
    const end = nextLine(bytes, at);
    if (quote < at) quote = nextQuote(bytes, at, marks);
    const plain = quote >= end;
    const row = plain ? splitLine(bytes, at, end, separator) : readRow(bytes, at, marks);
    if (row.cells === undefined) yield { line, kind: "broken", reason: row.reason };
    else if (row.cells.length > 1 || row.cells[0] !== "") yield { line, kind: "cells", cells: row.cells };
    line += plain ? 1 : countLineFeeds(bytes, at, row.end);
    at = row.end;
  }
}

type Row =
  | { cells: string[]; end: number }
  | { cells: undefined; reason: string; /** Where the next row begins. */ end: number };

/** A line without a quote needs no more than splitting. */
function splitLine(bytes: Buffer, start: number, end: number, separator: string): Row {
  const line = bytes.subarray(start, end);
  const reason = line.length > ROW_BYTES_MAX ? TOO_LARGE : textProblem(line);
  if (reason !== undefined) return { cells: undefined, reason, end };
  const cells = line
    .toString("utf8")
    .replace(/\r?\n$/, "")
    .split(separator);
  return { cells, end };
}

function textProblem(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return "not UTF-8";
  return bytes.includes(0) ? "a NUL" : undefined;
}

function readRow(bytes: Buffer, start: number, { separator, quote }: Marks): Row {
  const cells: Buffer[] = [];
  let at = start;
  for (;;) {
    const cell = bytes[at] === quote ? readQuoted(bytes, at, quote) : readPlain(bytes, at, separator);
    if (typeof cell === "string") return { cells: undefined, reason: cell, end: nextLine(bytes, at) };
    cells.push(cell.content);
    at = cell.end;
    if (bytes[at] === separator) {
      at++;
      continue;
    }
    if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) return decode(cells, start, at + 2);
    if (bytes[at] === LINE_FEED || at >= bytes.length) return decode(cells, start, at + 1);
    return { cells: undefined, reason: "text after a closing quote", end: nextLine(bytes, at) };
  }
}

type RawCell = { content: Buffer; /** The place of what follows the cell. */ end: number };

/** A quote that does not stand first is text like any other. */
function readPlain(bytes: Buffer, start: number, separator: number): RawCell {
  let at = start;
  while (at < bytes.length && bytes[at] !== separator && bytes[at] !== LINE_FEED) at++;
  const crlf = bytes[at] === LINE_FEED && at > start && bytes[at - 1] === CARRIAGE_RETURN;
  const end = crlf ? at - 1 : at;
  return { content: bytes.subarray(start, end), end };
}

function readQuoted(bytes: Buffer, start: number, mark: number): RawCell | string {
  const parts: Buffer[] = [];
  let from = start + 1;
  for (;;) {
    const quote = bytes.indexOf(mark, from);
    if (quote < 0) return "a quote that is not closed";
    if (bytes[quote + 1] !== mark) {
      parts.push(bytes.subarray(from, quote));
      return { content: Buffer.concat(parts), end: quote + 1 };
    }
    parts.push(bytes.subarray(from, quote + 1));
    from = quote + 2;
  }
}

function decode(cells: Buffer[], start: number, end: number): Row {
  const problem = cells.map(textProblem).find((found) => found !== undefined);
  const reason = end - start > ROW_BYTES_MAX ? TOO_LARGE : problem;
  if (reason !== undefined) return { cells: undefined, reason, end };
  return { cells: cells.map((cell) => cell.toString("utf8")), end };
}

function nextQuote(bytes: Buffer, from: number, { quote: mark }: Marks): number {
  // indexOf takes a number for the byte that it is modulo 256.
  const quote = mark === NO_BYTE ? NO_BYTE : bytes.indexOf(mark, from);
  return quote < 0 ? Infinity : quote;
}

function nextLine(bytes: Buffer, from: number): number {
  const lineFeed = bytes.indexOf(LINE_FEED, from);
  return lineFeed < 0 ? bytes.length : lineFeed + 1;
}

function countLineFeeds(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (bytes[at] === LINE_FEED) count++;
  return count;
}
