/** Whole microseconds since 1970-01-01T00:00:00Z. `Date` holds milliseconds and would reorder real rows. */
export type Micros = number;

/** First legal moment: 1900-01-01T00:00:00Z. */
export const EARLIEST_MICROS: Micros = Date.UTC(1900, 0, 1) * 1000;
/** Last legal moment: 2100-01-01T00:00:00Z. All sums of legal times and skews stay below 2^53. */
export const LATEST_MICROS: Micros = Date.UTC(2100, 0, 1) * 1000;

export function isLegalTime(micros: number): boolean {
  return Number.isInteger(micros) && micros >= EARLIEST_MICROS && micros <= LATEST_MICROS;
}

/** A wall-clock time without zone, as microseconds since 1970-01-01T00:00:00 on that same wall clock. */
export type LocalMicros = number;

export type ParsedTime =
  | { kind: "instant"; micros: Micros; truncated: boolean }
  | { kind: "local"; local: LocalMicros; truncated: boolean }
  | { kind: "invalid"; reason: string };

const ISO_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,32}))?)?)? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * Reads an ISO 8601 time. Fractions have 0..6 digits; longer ones are truncated and say so, whatever the digits cut
 * off. A time without `Z` or offset comes back as `local`: only the caller knows whether a zone was named for it.
 */
export function parseIsoTime(text: string): ParsedTime {
  const match = ISO_TIME.exec(text);
  if (match === null) return { kind: "invalid", reason: "not an ISO 8601 time" };
  const [, year = "", month = "", day = "", hour = "0", minute = "0", second = "0", fraction = "", zone] =
    match;
  const wallClock = wallClockMillis(+year, +month, +day, +hour, +minute, +second);
  if (wallClock === undefined) return { kind: "invalid", reason: "no such date or time of day" };

  const local = wallClock * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
  const truncated = fraction.length > 6;
  if (zone === undefined) return { kind: "local", local, truncated };

  const offsetMinutes = zoneOffsetMinutes(zone);
  if (offsetMinutes === undefined) return { kind: "invalid", reason: "no such offset from UTC" };
  const micros = local - offsetMinutes * 60_000_000;
  if (!isLegalTime(micros)) return { kind: "invalid", reason: OUT_OF_RANGE };
  return { kind: "instant", micros, truncated };
}

export const OUT_OF_RANGE = "outside 1900-01-01 to 2100-01-01";

function wallClockMillis(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  // Date.UTC takes the years 0..99 for 1900..1999, so they are refused before it sees them.
  if (year < 1000 || hour > 23 || minute > 59 || second > 59) return undefined;
  const millis = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(millis);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? millis : undefined;
}

function zoneOffsetMinutes(zone: string): number | undefined {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", "") || "0");
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/** Prints ISO 8601 in UTC with exactly six fraction digits: `2024-03-10T12:00:00.678861Z`. */
export function printTime(micros: Micros): string {
  const day = Math.floor(micros / DAY_MICROS);
  const ofDay = micros - day * DAY_MICROS;
  const seconds = Math.floor(ofDay / 1_000_000);
  const minutes = Math.floor(seconds / 60);
  const fraction = String(1_000_000 + ofDay - seconds * 1_000_000).slice(1);
  const clock = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
  return `${dayOf(day).text}${clock}.${fraction}Z`;
}

/** Bytes of what printTime prints of a legal time. */
export const PRINTED_TIME_BYTES = 27;
const DIGIT_ZERO = 0x30;
const COLON = 0x3a;
const POINT = 0x2e;
const CAPITAL_Z = 0x5a;

/** Writes what printTime prints of a legal time, as ASCII. Gives where it ends. */
export function writeTimeText(bytes: Uint8Array, start: number, micros: Micros): number {
  const day = Math.floor(micros / DAY_MICROS);
  const { text } = dayOf(day);
  let at = start;
  for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
  const ofDay = micros - day * DAY_MICROS;
  const seconds = Math.floor(ofDay / 1_000_000);
  const minutes = Math.floor(seconds / 60);
  at = writeDigits(bytes, at, Math.floor(minutes / 60), 2);
  bytes[at++] = COLON;
  at = writeDigits(bytes, at, minutes % 60, 2);
  bytes[at++] = COLON;
  at = writeDigits(bytes, at, seconds % 60, 2);
  bytes[at++] = POINT;
  at = writeDigits(bytes, at, ofDay - seconds * 1_000_000, 6);
  bytes[at++] = CAPITAL_Z;
  return at;
}

/** Writes a whole number with as many digits. */
function writeDigits(bytes: Uint8Array, start: number, value: number, digits: number): number {
  let left = value;
  for (let at = start + digits - 1; at >= start; at--) {
    const tens = Math.floor(left / 10);
    bytes[at] = DIGIT_ZERO + (left - tens * 10);
    left = tens;
  }
  return start + digits;
}

const DAY_MILLIS = 86_400_000;
const DAY_MICROS = DAY_MILLIS * 1000;
/** The day that was printed last, with the `T` behind it: times that are printed together are mostly of one. */
let lastDay = { day: 0, text: "1970-01-01T" };

function dayOf(day: number): { readonly text: string } {
  if (day !== lastDay.day) lastDay = { day, text: new Date(day * DAY_MILLIS).toISOString().slice(0, 11) };
  return lastDay;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
