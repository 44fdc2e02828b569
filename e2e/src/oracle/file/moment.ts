import type { WallClock } from "./wall-clock.js";

/** Whole microseconds since 1970-01-01T00:00:00Z. */
export type Moment = bigint;

/** How a bare number counts time. */
export type TimeUnit = "s" | "ms" | "us" | "auto";

const MICROS_PER_SECOND = 1_000_000n;
const MICROS_PER_DAY = 86_400n * MICROS_PER_SECOND;
const UNIT_DIGITS = { s: 6, ms: 3, us: 0 } as const;

/** The first and the last legal moment: the years 1900 and 2100. */
const EARLIEST = BigInt(dayNumber(1900, 1, 1)) * MICROS_PER_DAY;
const LATEST = BigInt(dayNumber(2100, 1, 1)) * MICROS_PER_DAY;

const ISO =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?)? ?(?<zone>Z|z|[+-]\d\d(?::?\d\d)?)?$/;
const NUMBER = /^(?<sign>-?)(?<whole>\d+)(?:[.,](?<fraction>\d+))?$/;

/**
 * Reads ISO 8601 with `Z` or an offset, or a number counted since 1970; undefined if it is neither, or not legal.
 * ISO 8601 without either is what the clock showed: none without a clock, and none if not at exactly one moment.
 */
export function parseMoment(text: string, unit: TimeUnit, clock?: WallClock): Moment | undefined {
  const iso = ISO.exec(text)?.groups;
  const number = NUMBER.exec(text)?.groups;
  const moment =
    iso !== undefined ? fromIso(iso, clock) : number !== undefined ? fromNumber(number, unit) : undefined;
  return moment !== undefined && moment >= EARLIEST && moment <= LATEST ? moment : undefined;
}

type Groups = Record<string, string | undefined>;

function fromIso(groups: Groups, clock: WallClock | undefined): Moment | undefined {
  const part = (name: string): number => Number(groups[name] ?? "0");
  const [year, month, day] = [part("year"), part("month"), part("day")];
  const [hour, minute, second] = [part("hour"), part("minute"), part("second")];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const seconds = (hour * 60 + minute) * 60 + second;
  const below = BigInt((groups["fraction"] ?? "").padEnd(6, "0").slice(0, 6));
  const shown =
    BigInt(dayNumber(year, month, day)) * MICROS_PER_DAY + BigInt(seconds) * MICROS_PER_SECOND + below;
  if (groups["zone"] === undefined) {
    const moments = clock?.momentsAt(shown) ?? [];
    return moments.length === 1 ? moments[0] : undefined;
  }
  const offset = offsetMinutes(groups["zone"]);
  return offset === undefined ? undefined : shown - BigInt(offset) * 60n * MICROS_PER_SECOND;
}

function offsetMinutes(zone: string): number | undefined {
  if (zone.toUpperCase() === "Z") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}

function fromNumber(groups: Groups, unit: TimeUnit): Moment {
  const whole = groups["whole"] ?? "0";
  const digits = UNIT_DIGITS[unit === "auto" ? unitBySize(BigInt(whole)) : unit];
  const below = (groups["fraction"] ?? "").padEnd(digits, "0").slice(0, digits);
  return BigInt(whole + below) * (groups["sign"] === "-" ? -1n : 1n);
}

function unitBySize(magnitude: bigint): "s" | "ms" | "us" {
  if (magnitude < 10n ** 11n) return "s";
  return magnitude < 10n ** 14n ? "ms" : "us";
}

/** ISO 8601 in UTC with six fraction digits, as every answer prints times. */
export function printMoment(moment: Moment): string {
  const day = floorDivide(moment, MICROS_PER_DAY);
  // What is less than a day is a number that a double holds.
  const micros = Number(moment - day * MICROS_PER_DAY);
  const seconds = Math.floor(micros / 1_000_000);
  const date = dateOfDay(Number(day));
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => digits(part, 2))
    .join(":");
  return `${date}T${time}.${digits(micros % 1_000_000, 6)}Z`;
}

function digits(value: number, width: number): string {
  return value.toString().padStart(width, "0");
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

/** Days since 1970-01-01 in the Gregorian calendar, counted from the days before each year and month. */
function dayNumber(year: number, month: number, day: number): number {
  let days = daysBeforeYear(year) - daysBeforeYear(1970);
  for (let earlier = 1; earlier < month; earlier++) days += daysInMonth(year, earlier);
  return days + day - 1;
}

function daysBeforeYear(year: number): number {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function dateOfDay(day: number): string {
  // 365.2425 days make a year; the estimate is at most one year off.
  let year = 1970 + Math.floor(day / 365.2425);
  while (dayNumber(year, 1, 1) > day) year--;
  while (dayNumber(year + 1, 1, 1) <= day) year++;
  let month = 1;
  while (month < 12 && dayNumber(year, month + 1, 1) <= day) month++;
  const dayOfMonth = day - dayNumber(year, month, 1) + 1;
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(dayOfMonth, 2)}`;
}
