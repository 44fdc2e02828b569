import type { Arrival } from "./event/arrival.js";
import { canonicalJson, type CellValue } from "./event/canonical-json.js";
import { contentId, givenId } from "./event/event-id.js";
import type { CellReader } from "./file/cell-readers.js";
import type { Columns } from "./file/columns.js";
import type { CsvRow } from "./file/csv-rows.js";
import { parseMoment, type Moment, type TimeUnit } from "./file/moment.js";
import type { WallClock } from "./file/wall-clock.js";

/** A row whose user and times are known. */
export interface RowHead {
  readonly user: string;
  readonly timeStamp: Moment;
  readonly sts: Moment;
  readonly cells: readonly string[];
}

/** How times are written. */
export interface TimeReading {
  readonly unit: TimeUnit;
  /** For times without a zone. */
  readonly clock: WallClock | undefined;
}

const USER_BYTES_MAX = 256;

/** The row's user and times, or why it has none. */
export function readHead(row: CsvRow, columns: Columns, { unit, clock }: TimeReading): RowHead | string {
  if (row.kind === "broken") return row.reason;
  const { cells } = row;
  if (cells.length !== columns.count) return "ragged";
  const user = cells[columns.user] ?? "";
  if (user === "") return "no user";
  if (Buffer.byteLength(user) > USER_BYTES_MAX) return "user too long";
  const timeStamp = parseMoment(cells[columns.time] ?? "", unit, clock);
  if (timeStamp === undefined) return "no legal time";
  const sts = parseMoment(cells[columns.arrival] ?? "", unit, clock);
  return sts === undefined ? "no legal arrival time" : { user, timeStamp, sts, cells };
}

/** The row as an arrival, or why it is none. `readers` stand as the attributes do. */
export function readArrival(
  { user, timeStamp, sts, cells }: RowHead,
  columns: Columns,
  readers: readonly CellReader[],
): Arrival | string {
  if (columns.eventId !== undefined && !cells[columns.eventId]) return "no event id";
  const attributes: [string, CellValue][] = [];
  for (const [number, { header, index }] of columns.attributes.entries()) {
    const text = cells[index] ?? "";
    if (text === "") continue;
    const value = readers[number]?.(text);
    if (value === undefined) return "a cell that its column's type cannot hold";
    if (typeof value === "number" && !Number.isFinite(value)) return "a number that is not finite";
    attributes.push([header, value]);
  }
  const identity = attributes.filter(([header]) => !columns.notIdentity.has(header));
  let eventId = columns.exportedId === undefined ? "" : (cells[columns.exportedId] ?? "");
  if (eventId !== "" && !/^[0-9a-f]{32}$/.test(eventId)) return "no id of an export";
  if (columns.eventId !== undefined) eventId = givenId(user, cells[columns.eventId] ?? "");
  if (eventId === "") eventId = contentId(user, timeStamp, canonicalJson(identity));
  return { user, timeStamp, sts, eventId, attributes: canonicalJson(attributes) };
}
