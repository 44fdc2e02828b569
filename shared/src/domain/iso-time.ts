import { isLegalTime, OUT_OF_RANGE, type ParsedTime } from "./time.js";

/**
 * Reads an ISO 8601 time. Fractions have 0..6 digits; longer ones are truncated and say so, whatever the digits cut
 * off. A time without `Z` or offset comes back as `local`: only the caller knows whether a zone was named for it.
 */
export function parseIsoTime(text: string): ParsedTime {
  return readUsualForm(text) ?? readAnyForm(text);
}

const ISO_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,32}))?)?)? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

function readAnyForm(text: string): ParsedTime {
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

/**
 * Reads `YYYY-MM-DD(T| )hh:mm:ss[.fraction][Z|±hh:mm]` with a fraction of up to six digits: the form of nearly all times
 * in files, each character at its place. A row has up to two of them, and an expression with its groups costs several
 * times as much. Gives undefined for any other text, also where the time is none or is no legal one.
 */
function readUsualForm(text: string): ParsedTime | undefined {
  if (!hasUsualMarks(text)) return undefined;
  const midnight = midnightMillis(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2));
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  // NaN, where no digits are, is not less than anything.
  if (midnight === undefined || !(hour < 24 && minute < 60 && second < 60)) return undefined;

  const zoneAt = endOfFraction(text);
  const ofDay = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fractionMicros(text, zoneAt);
  const local = midnight * 1000 + ofDay;
  if (text.length === zoneAt) return { kind: "local", local, truncated: false };
  const micros = local - usualOffsetMinutes(text, zoneAt) * 60_000_000;
  return isLegalTime(micros) ? { kind: "instant", micros, truncated: false } : undefined;
}

const SECONDS_END = 19;
const FRACTION_START = SECONDS_END + 1;
const FRACTION_DIGITS_MAX = 6;

function hasUsualMarks(text: string): boolean {
  const separator = text.charCodeAt(10);
  return (
    text.length >= SECONDS_END &&
    text.charCodeAt(4) === MINUS &&
    text.charCodeAt(7) === MINUS &&
    (separator === CAPITAL_T || separator === SPACE) &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON
  );
}

/** The day that was read last: rows that follow each other are mostly of one. */
let lastMidnight: { day: number; millis: number | undefined } = { day: 19_700_101, millis: 0 };

/** undefined: no such day. */
function midnightMillis(year: number, month: number, dayOfMonth: number): number | undefined {
  const day = year * 10_000 + month * 100 + dayOfMonth;
  if (day !== lastMidnight.day) {
    lastMidnight = { day, millis: wallClockMillis(year, month, dayOfMonth, 0, 0, 0) };
  }
  return lastMidnight.millis;
}

/** Where the zone stands, or would: behind the seconds, or behind a mark and one to six digits that follow them. */
function endOfFraction(text: string): number {
  const mark = text.charCodeAt(SECONDS_END);
  if (mark !== FULL_STOP && mark !== COMMA) return SECONDS_END;
  let at = FRACTION_START;
  while (at < FRACTION_START + FRACTION_DIGITS_MAX && isDigit(text.charCodeAt(at))) at++;
  return at === FRACTION_START ? SECONDS_END : at;
}

function fractionMicros(text: string, end: number): number {
  if (end === SECONDS_END) return 0;
  const count = end - FRACTION_START;
  return digits(text, FRACTION_START, count) * 10 ** (FRACTION_DIGITS_MAX - count);
}

/** NaN for anything but `Z` and `±hh:mm`. */
function usualOffsetMinutes(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (sign === CAPITAL_Z) return text.length === at + 1 ? 0 : Number.NaN;
  if ((sign !== PLUS && sign !== MINUS) || text.length !== at + 6 || text.charCodeAt(at + 3) !== COLON) {
    return Number.NaN;
  }
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  if (!(hours < 24 && minutes < 60)) return Number.NaN;
  return (sign === MINUS ? -1 : 1) * (hours * 60 + minutes);
}

/** The number that so many digits are; NaN if one of them is none. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return Number.NaN;
    value = value * 10 + (code - ZERO);
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

const SPACE = 0x20;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const FULL_STOP = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const CAPITAL_T = 0x54;
const CAPITAL_Z = 0x5a;
