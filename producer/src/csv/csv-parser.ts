import { isUtf8 } from "node:buffer";
import { DEFAULT_QUOTE, detectSeparator, type Dialect } from "./dialect.js";
import { endOfRecord, splitFields } from "./fields.js";
import type { Rejection, RejectionReason } from "./rejection.js";
import { requireReadableFirstLine } from "./require-readable-first-line.js";
import { unreadableHeader } from "./unreadable-header.js";

/** Longest record that is read; also how far a quote may stay open before it counts as never closed. */
export const RECORD_BYTES_MAX = 512 * 1024;
/** How much of a rejected row is kept to show it. */
const REJECTED_BYTES_KEPT = 64 * 1024;

export interface CsvRow {
  /** The physical line on which the row starts. */
  readonly line: number;
  /** A view of the read buffer without the line end, valid during the call only. */
  readonly raw: Buffer;
  readonly cells: string[];
}

/** Who takes what the parser finds. Calls come in file order, the header's first. */
export interface CsvSink {
  header(cells: string[], dialect: Dialect): void;
  row(row: CsvRow): void;
  rejected(rejection: Rejection): void;
}

export interface CsvParserOptions {
  /** One ASCII character; told by the header otherwise. */
  readonly separator?: string | undefined;
  /** One ASCII character, or "none". */
  readonly quote?: string | undefined;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const REPLACEMENT_CHARACTER = "\ufffd";

/**
 * Takes a CSV's bytes in chunks of any size and hands its rows on, holding no more than one record.
 *
 * A bad row costs itself only. A quote that is never closed would swallow the rows after it, so when a record
 * with quotes turns out wrong (not closed, too long, text behind a quote, another number of fields than the
 * header), its first physical line alone is rejected and reading goes on with the line after it.
 *
 * Throws FatalError (usage) for a file that is UTF-16, whose lines end with CR alone, or whose header is bad itself.
 */
export class CsvParser {
  readonly #sink: CsvSink;
  readonly #options: CsvParserOptions;
  #dialect: Dialect | undefined;
  #separatorByte = 0;
  /** -1 where quotes mean nothing: no byte is that. */
  #quoteByte = -1;
  #header: string[] | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #line = 1;
  #started = false;
  /** Inside a line that is longer than a record may be: what is left of it goes unread. */
  #skipping = false;

  constructor(sink: CsvSink, options: CsvParserOptions = {}) {
    this.#sink = sink;
    this.#options = options;
  }

  write(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (!this.#started && this.#bytes.length < BYTE_ORDER_MARK.length) return;
    this.#parse(false);
  }

  /** Takes what is left as the last record: the line end may be missing there. */
  end(): void {
    this.#parse(true);
  }

  #parse(complete: boolean): void {
    let at = this.#skipByteOrderMark();
    // Where the next quote stands, so that lines before it need no look at their bytes.
    let quoteAt = -1;
    while (at < this.#bytes.length) {
      if (this.#dialect === undefined && !this.#detectDialect(at, complete)) break;
      if (quoteAt < at) quoteAt = this.#nextQuote(at);
      const next = this.#record(at, quoteAt, complete);
      if (next === undefined) break;
      at = next;
    }
    this.#bytes = this.#bytes.subarray(at);
  }

  #skipByteOrderMark(): number {
    if (this.#started) return 0;
    this.#started = true;
    return this.#bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  }

  #nextQuote(at: number): number {
    const index = this.#quoteByte === -1 ? -1 : this.#bytes.indexOf(this.#quoteByte, at);
    return index === -1 ? Infinity : index;
  }

  /** False while the first line is not whole. */
  #detectDialect(at: number, complete: boolean): boolean {
    const lineEnd = this.#bytes.indexOf(LINE_FEED, at);
    if (lineEnd === -1 && !complete && this.#bytes.length <= RECORD_BYTES_MAX) return false;
    const line = this.#bytes.toString("latin1", at, lineEnd === -1 ? this.#bytes.length : lineEnd);
    const { separator, quote = DEFAULT_QUOTE } = this.#options;
    const effectiveQuote = quote === "none" ? undefined : quote;
    requireReadableFirstLine(line, effectiveQuote);
    this.#dialect = {
      quote: effectiveQuote,
      separator: separator ?? detectSeparator(line, effectiveQuote),
    };
    this.#separatorByte = this.#dialect.separator.charCodeAt(0);
    this.#quoteByte = effectiveQuote?.charCodeAt(0) ?? -1;
    return true;
  }

  /** Takes the record that starts here. Gives where the next one starts, or undefined if more bytes are needed. */
  #record(at: number, quoteAt: number, complete: boolean): number | undefined {
    const feed = this.#bytes.indexOf(LINE_FEED, at);
    const lineEnd = feed === -1 ? this.#bytes.length : feed;
    if (this.#skipping) {
      this.#skipping = feed === -1;
      if (feed !== -1) this.#line++;
      return lineEnd + 1;
    }
    if (lineEnd - at > RECORD_BYTES_MAX) {
      this.#reject("too-large", `the line is longer than ${RECORD_BYTES_MAX} bytes`, at, lineEnd);
      return this.#lineTaken(feed, lineEnd);
    }
    if (feed === -1 && !complete) return undefined;
    if (quoteAt >= lineEnd) {
      this.#take(at, lineEnd, false);
      return this.#lineTaken(feed, lineEnd);
    }
    return this.#quotedRecord(at, lineEnd, complete);
  }

  #quotedRecord(at: number, lineEnd: number, complete: boolean): number | undefined {
    const dialect = { separator: this.#separatorByte, quote: this.#quoteByte };
    const found = endOfRecord(this.#bytes, at, dialect, complete);
    const tooLong = (found.kind === "ended" ? found.end : this.#bytes.length) - at > RECORD_BYTES_MAX;
    if (found.kind === "open" && !complete && !tooLong) return undefined;
    if (found.kind !== "ended" || tooLong) {
      const detail = found.kind === "malformed" ? "text follows a closing quote" : "a quote is not closed";
      this.#reject("quote", detail, at, lineEnd);
    } else if (this.#take(at, found.end, found.end > lineEnd)) {
      this.#line += this.#countFeeds(lineEnd, found.end);
      return found.end + 1;
    }
    this.#line++;
    return lineEnd + 1;
  }

  /** Line feeds from `start` to `end`, both included. */
  #countFeeds(start: number, end: number): number {
    let count = 0;
    let feed = this.#bytes.indexOf(LINE_FEED, start);
    while (feed !== -1 && feed <= end) {
      count++;
      feed = this.#bytes.indexOf(LINE_FEED, feed + 1);
    }
    return count;
  }

  #lineTaken(feed: number, lineEnd: number): number {
    if (feed === -1) this.#skipping = true;
    else this.#line++;
    return lineEnd + 1;
  }

  /** Hands the record on. False if it spans lines and has the wrong number of fields: then its quote was no quote. */
  #take(start: number, end: number, spansLines: boolean): boolean {
    const raw = this.#bytes.subarray(
      start,
      this.#bytes[end - 1] === CARRIAGE_RETURN && end > start ? end - 1 : end,
    );
    if (raw.length === 0) return true;
    const text = raw.toString("utf8");
    const cells = splitFields(text, this.#dialect as Dialect);
    if (this.#header === undefined) {
      this.#header = cells;
      this.#sink.header(cells, this.#dialect as Dialect);
      return true;
    }
    const problem = this.#problemOf(raw, text, cells);
    if (problem === undefined) {
      this.#sink.row({ line: this.#line, raw, cells });
      return true;
    }
    if (spansLines && problem.reason === "ragged") {
      this.#reject(
        "quote",
        "a quote is not closed on its line",
        start,
        this.#bytes.indexOf(LINE_FEED, start),
      );
      return false;
    }
    this.#reject(problem.reason, problem.detail, start, start + raw.length);
    return true;
  }

  #problemOf(
    raw: Buffer,
    text: string,
    cells: readonly string[],
  ): { reason: RejectionReason; detail: string } | undefined {
    const header = this.#header as string[];
    // The replacement character may also stand in the file itself, so the bytes have the last word.
    if (text.includes(REPLACEMENT_CHARACTER) && !isUtf8(raw)) {
      return { reason: "utf8", detail: `not valid UTF-8${inColumn(cells, header, REPLACEMENT_CHARACTER)}` };
    }
    if (text.includes("\0")) return { reason: "nul", detail: `a NUL${inColumn(cells, header, "\0")}` };
    if (cells.length !== header.length) {
      return { reason: "ragged", detail: `${cells.length} fields where the header has ${header.length}` };
    }
    if (cells[0] === header[0] && cells.every((cell, index) => cell === header[index])) {
      return { reason: "header-again", detail: "the header again" };
    }
    return undefined;
  }

  #reject(reason: RejectionReason, detail: string, start: number, end: number): void {
    if (this.#header === undefined) throw unreadableHeader({ reason, detail, line: this.#line });
    const raw = Buffer.from(this.#bytes.subarray(start, Math.min(end, start + REJECTED_BYTES_KEPT)));
    const withoutReturn = raw.at(-1) === CARRIAGE_RETURN ? raw.subarray(0, -1) : raw;
    this.#sink.rejected({ line: this.#line, reason, detail, raw: withoutReturn });
  }
}

function inColumn(cells: readonly string[], header: readonly string[], text: string): string {
  const column = header[cells.findIndex((cell) => cell.includes(text))];
  return column === undefined ? "" : ` in column ${JSON.stringify(column)}`;
}
