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

export const OUT_OF_RANGE = "outside 1900-01-01 to 2100-01-01";

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
