import type { Arrival } from "./event/arrival.js";
import { canonicalJson, type CellValue } from "./event/canonical-json.js";
import { contentId, givenId } from "./event/event-id.js";
import { ColumnTypeFinder, type ColumnType } from "./file/column-types.js";
import { findColumns, type Columns, type ColumnOptions } from "./file/columns.js";
import { csvRows, detectSeparator, type CsvRow } from "./file/csv-rows.js";
import { parseMoment, type TimeUnit } from "./file/moment.js";
import { readBytes } from "./file/read-bytes.js";
import { USUAL_FUTURE_SKEW, type FutureSkew } from "./meaning/order.js";
import { foldTimeline, type Timeline } from "./meaning/timeline.js";

export interface RecomputeOptions extends ColumnOptions {
  /** How bare numbers count time; told by their size if not given. */
  readonly timeUnit?: TimeUnit;
  /** By default told by the header line. */
  readonly separator?: string;
  /** By default 5 minutes. */
  readonly maxFutureSkew?: FutureSkew;
  /** At most this many rows, in the order of their arrival. */
  readonly limit?: number;
}

export interface RejectedRow {
  readonly line: number;
  readonly reason: string;
}

/** What a file means, by this oracle's own reading of it. */
export interface Recomputed {
  /** Rows of the file, rejected ones too, without the header. */
  readonly rows: number;
  readonly rejected: readonly RejectedRow[];
  readonly types: ReadonlyMap<string, ColumnType>;
  /** In the order of publishing: by sts, rows of one sts as they stand in the file. */
  readonly arrivals: readonly Arrival[];
  readonly timelines: ReadonlyMap<string, Timeline>;
}

/** Reads a CSV file (plain or gzipped) and works out every arrival, verdict and state. */
export function recompute(path: string, options: RecomputeOptions = {}): Recomputed {
  return recomputeBytes(readBytes(path), options);
}

/** The same for a file's bytes. */
export function recomputeBytes(bytes: Buffer, options: RecomputeOptions = {}): Recomputed {
  const separator = options.separator ?? detectSeparator(bytes);
  const rows = (): Generator<CsvRow, void> => csvRows(bytes, separator);
  const first = rows().next().value;
  if (first?.kind !== "cells") throw new Error("the file has no header that could be read");
  const columns = findColumns(first.cells, options);
  const types = findTypes(rows(), columns);

  const arrivals: Arrival[] = [];
  const rejected: RejectedRow[] = [];
  for (const row of afterHeader(rows())) {
    const arrival = readArrival(row, columns, types, options.timeUnit ?? "auto");
    if (typeof arrival === "string") rejected.push({ line: row.line, reason: arrival });
    else arrivals.push(arrival);
  }
  const published = arrivals.sort((a, b) => compareMoments(a.sts, b.sts)).slice(0, options.limit);
  return {
    rows: arrivals.length + rejected.length,
    rejected,
    types: new Map(columns.attributes.map(({ header }, index) => [header, types[index] ?? "none"])),
    arrivals: published,
    timelines: foldAll(published, options.maxFutureSkew ?? USUAL_FUTURE_SKEW),
  };
}

/** Folds arrivals, which stand in the order of their source offsets, user by user. */
export function foldAll(arrivals: Iterable<Arrival>, skew: FutureSkew): Map<string, Timeline> {
  const byUser = new Map<string, Arrival[]>();
  for (const arrival of arrivals) {
    const own = byUser.get(arrival.user);
    if (own === undefined) byUser.set(arrival.user, [arrival]);
    else own.push(arrival);
  }
  return new Map([...byUser].map(([user, own]) => [user, foldTimeline(user, own, skew)]));
}

function compareMoments(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function* afterHeader(rows: Generator<CsvRow, void>): Generator<CsvRow, void> {
  rows.next();
  yield* rows;
}

/** The type of each attribute column, by every row that has the header's number of cells. */
function findTypes(rows: Generator<CsvRow, void>, columns: Columns): ColumnType[] {
  const finders = columns.attributes.map(() => new ColumnTypeFinder());
  for (const row of afterHeader(rows)) {
    if (row.kind === "broken" || row.cells.length !== columns.count) continue;
    columns.attributes.forEach(({ index }, number) => finders[number]?.add(row.cells[index] ?? ""));
  }
  return finders.map((finder) => finder.type);
}

const USER_BYTES_MAX = 256;

/** The row as an arrival, or why it is none. */
function readArrival(
  row: CsvRow,
  columns: Columns,
  types: readonly ColumnType[],
  unit: TimeUnit,
): Arrival | string {
  if (row.kind === "broken") return row.reason;
  const cell = (index: number): string => row.cells[index] ?? "";
  if (row.cells.length !== columns.count) return "ragged";
  const user = cell(columns.user);
  if (user === "") return "no user";
  if (Buffer.byteLength(user) > USER_BYTES_MAX) return "user too long";
  const timeStamp = parseMoment(cell(columns.time), unit);
  if (timeStamp === undefined) return "no legal time";
  const sts = parseMoment(cell(columns.arrival), unit);
  if (sts === undefined) return "no legal arrival time";

  const attributes: [string, CellValue][] = [];
  for (const [number, { header, index }] of columns.attributes.entries()) {
    const text = cell(index);
    if (text === "") continue;
    const value = valueOf(text, types[number] ?? "text");
    if (typeof value === "number" && !Number.isFinite(value)) return "a number that is not finite";
    attributes.push([header, value]);
  }
  const identity = attributes.filter(([header]) => !columns.notIdentity.has(header));
  const eventId =
    columns.eventId === undefined
      ? contentId(user, timeStamp, canonicalJson(identity))
      : givenId(user, cell(columns.eventId));
  return { user, timeStamp, sts, eventId, attributes: canonicalJson(attributes) };
}

function valueOf(text: string, type: ColumnType): CellValue {
  if (type === "number") return Number(text);
  return type === "boolean" ? text === "true" : text;
}
