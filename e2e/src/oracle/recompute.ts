import type { Arrival } from "./event/arrival.js";
import { ColumnTypeFinder, type ColumnType } from "./file/column-types.js";
import { learntReader, namedReader, type NamedType } from "./file/cell-readers.js";
import { findColumns, type ColumnOptions } from "./file/columns.js";
import { csvRows, detectSeparator, type CsvRow, type Quote } from "./file/csv-rows.js";
import type { Moment, TimeUnit } from "./file/moment.js";
import { readBytes } from "./file/read-bytes.js";
import { WallClock } from "./file/wall-clock.js";
import { readArrival, readHead, type RowHead, type TimeReading } from "./read-arrival.js";
import { USUAL_FUTURE_SKEW, type FutureSkew } from "./meaning/order.js";
import { foldTimeline, type Timeline } from "./meaning/timeline.js";

export interface RecomputeOptions extends ColumnOptions {
  /** How bare numbers count time; told by their size if not given. */
  readonly timeUnit?: TimeUnit;
  /** The IANA zone of times without one; without it their rows are rejected. */
  readonly zone?: string;
  /** By default told by the header line. */
  readonly separator?: string;
  /** By default `"`. */
  readonly quote?: Quote;
  /** Before a number's fraction. By default a point, and a comma too where the separator is none. */
  readonly decimal?: "auto" | "." | ",";
  /** Types by header; the others are learnt. */
  readonly types?: Readonly<Record<string, NamedType>>;
  /** Only rows with start ≤ sts < end. */
  readonly start?: Moment;
  readonly end?: Moment;
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
  /** What the cells of each column tell, whatever type was named. */
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
  const separator = options.separator ?? detectSeparator(bytes, options.quote);
  const rows = (): Generator<CsvRow, void> => csvRows(bytes, separator, options.quote);
  const first = rows().next().value;
  if (first?.kind !== "cells") throw new Error("the file has no header that could be read");
  const columns = findColumns(first.cells, options);
  const { zone, decimal = "auto", start, end } = options;
  const times: TimeReading = {
    unit: options.timeUnit ?? "auto",
    clock: zone === undefined ? undefined : new WallClock(zone),
  };
  const commaAllowed = decimal === "auto" ? separator !== "," : decimal === ",";
  const isInWindow = ({ sts }: RowHead): boolean =>
    (start === undefined || sts >= start) && (end === undefined || sts < end);
  const headOf = (row: CsvRow): RowHead | string | undefined => {
    const head = readHead(row, columns, times);
    return typeof head === "string" || isInWindow(head) ? head : undefined;
  };
  // Read twice, as all rows at once may be more than the memory holds.
  const finders = columns.attributes.map(() => new ColumnTypeFinder(commaAllowed));
  for (const row of afterHeader(rows())) {
    const head = headOf(row);
    if (typeof head !== "object") continue;
    columns.attributes.forEach(({ index }, number) => finders[number]?.add(head.cells[index] ?? ""));
  }
  const readers = columns.attributes.map(({ header }, number) => {
    const named = options.types?.[header];
    return named === undefined
      ? learntReader(finders[number]?.type ?? "none")
      : namedReader(named, commaAllowed);
  });

  const arrivals: Arrival[] = [];
  const rejected: RejectedRow[] = [];
  let count = 0;
  for (const row of afterHeader(rows())) {
    count++;
    const head = headOf(row);
    if (head === undefined) continue;
    const arrival = typeof head === "string" ? head : readArrival(head, columns, readers);
    if (typeof arrival === "string") rejected.push({ line: row.line, reason: arrival });
    else arrivals.push(arrival);
  }
  const published = arrivals.sort((a, b) => compareMoments(a.sts, b.sts)).slice(0, options.limit);
  return {
    rows: count,
    rejected,
    types: new Map(columns.attributes.map(({ header }, index) => [header, finders[index]?.type ?? "none"])),
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
