import type { Micros } from "@lastknown/shared";

/** A row on its way through the sort: its times as read, and its bytes as they stand in the file. */
export interface SortEntry {
  readonly sts: Micros;
  readonly timeStamp: Micros;
  /** The physical line of the row: unique, and what decides between equal `sts`. */
  readonly line: number;
  readonly raw: Buffer;
}

/** Rows come out by `sts`; rows that share one keep the order of the file. */
export function compareEntries(a: SortEntry, b: SortEntry): number {
  return a.sts - b.sts || a.line - b.line;
}

/** An ordered stream of entries that can be looked at before it is moved on. */
export interface SortCursor {
  /** undefined behind the last one. Its bytes are never written over, so they may be kept. */
  readonly current: SortEntry | undefined;
  advance(): void;
}

/** u32 length of raw, then sts, timeStamp and line as doubles. */
export const ENTRY_HEAD_BYTES = 4 + 3 * 8;

export function writeEntry(entry: SortEntry, into: Buffer, at: number): void {
  into.writeUInt32LE(entry.raw.length, at);
  into.writeDoubleLE(entry.sts, at + 4);
  into.writeDoubleLE(entry.timeStamp, at + 12);
  into.writeDoubleLE(entry.line, at + 20);
  entry.raw.copy(into, at + ENTRY_HEAD_BYTES);
}

export function readEntry(from: Buffer, at: number): SortEntry {
  const start = at + ENTRY_HEAD_BYTES;
  return {
    sts: from.readDoubleLE(at + 4),
    timeStamp: from.readDoubleLE(at + 12),
    line: from.readDoubleLE(at + 20),
    raw: from.subarray(start, start + from.readUInt32LE(at)),
  };
}

export function entryBytes(entry: SortEntry): number {
  return ENTRY_HEAD_BYTES + entry.raw.length;
}
