import type { Arrival } from "./event/arrival.js";
import { ColumnTypeFinder, type ColumnType } from "./file/column-types.js";
import { findColumns, type Columns, type ColumnOptions } from "./file/columns.js";
import { csvRows, detectSeparator, type CsvRow } from "./file/csv-rows.js";
import type { TimeUnit } from "./file/moment.js";
import { readBytes } from "./file/read-bytes.js";
import { readArrival, readHead } from "./read-arrival.js";
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
  const unit = options.timeUnit ?? "auto";
  const types = findTypes(rows(), columns, unit);

  const arrivals: Arrival[] = [];
  const rejected: RejectedRow[] = [];
  for (const row of afterHeader(rows())) {
    const head = readHead(row, columns, unit);
    const arrival = typeof head === "string" ? head : readArrival(head, columns, types);
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

/** The type of each attribute column, by every row whose user and times can be read. */
function findTypes(rows: Generator<CsvRow, void>, columns: Columns, unit: TimeUnit): ColumnType[] {
  const finders = columns.attributes.map(() => new ColumnTypeFinder());
  for (const row of afterHeader(rows)) {
    const head = readHead(row, columns, unit);
    if (typeof head === "string") continue;
    columns.attributes.forEach(({ index }, number) => finders[number]?.add(head.cells[index] ?? ""));
  }
  return finders.map((finder) => finder.type);
}
