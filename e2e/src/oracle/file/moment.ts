/** Whole microseconds since 1970-01-01T00:00:00Z. */
export type Moment = bigint;

/** How a bare number counts time. */
export type TimeUnit = "s" | "ms" | "us" | "auto";

const MICROS_PER_SECOND = 1_000_000n;
const MICROS_PER_DAY = 86_400n * MICROS_PER_SECOND;
const UNIT_DIGITS = { s: 6, ms: 3, us: 0 } as const;

/** The first and the last legal moment: the years 1900 and 2100. */
const EARLIEST = dayNumber(1900n, 1n, 1n) * MICROS_PER_DAY;
const LATEST = dayNumber(2100n, 1n, 1n) * MICROS_PER_DAY;

const ISO =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d+))?)? ?(?<zone>Z|z|[+-]\d\d(?::?\d\d)?)$/;
const NUMBER = /^(?<sign>-?)(?<whole>\d+)(?:[.,](?<fraction>\d+))?$/;

/** Reads ISO 8601 with `Z` or an offset, or a number counted since 1970; undefined if it is neither, or not legal. */
export function parseMoment(text: string, unit: TimeUnit): Moment | undefined {
  const iso = ISO.exec(text)?.groups;
  const number = NUMBER.exec(text)?.groups;
  const moment =
    iso !== undefined ? fromIso(iso) : number !== undefined ? fromNumber(number, unit) : undefined;
  return moment !== undefined && moment >= EARLIEST && moment <= LATEST ? moment : undefined;
}

type Groups = Record<string, string | undefined>;

function fromIso(groups: Groups): Moment | undefined {
  const part = (name: string): bigint => BigInt(groups[name] ?? "0");
  const [year, month, day] = [part("year"), part("month"), part("day")];
  const [hour, minute, second] = [part("hour"), part("minute"), part("second")];
  if (month < 1n || month > 12n || day < 1n || day > daysInMonth(year, month)) return undefined;
  if (hour > 23n || minute > 59n || second > 59n) return undefined;
  const offset = offsetMinutes(groups["zone"] ?? "");
  if (offset === undefined) return undefined;
  const seconds = (hour * 60n + minute - offset) * 60n + second;
  const below = BigInt((groups["fraction"] ?? "").padEnd(6, "0").slice(0, 6));
  return dayNumber(year, month, day) * MICROS_PER_DAY + seconds * MICROS_PER_SECOND + below;
}

function offsetMinutes(zone: string): bigint | undefined {
  if (zone.toUpperCase() === "Z") return 0n;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const hours = BigInt(digits.slice(0, 2));
  const minutes = BigInt(digits.slice(2));
  if (hours > 23n || minutes > 59n) return undefined;
  return (zone[0] === "-" ? -1n : 1n) * (hours * 60n + minutes);
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
  const date = dateOfDay(day);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => digits(part, 2))
    .join(":");
  return `${date}T${time}.${digits(micros % 1_000_000, 6)}Z`;
}

function digits(value: bigint | number, width: number): string {
  return value.toString().padStart(width, "0");
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

/** Days since 1970-01-01 in the Gregorian calendar, counted from the days before each year and month. */
function dayNumber(year: bigint, month: bigint, day: bigint): bigint {
  let days = daysBeforeYear(year) - daysBeforeYear(1970n);
  for (let earlier = 1n; earlier < month; earlier++) days += daysInMonth(year, earlier);
  return days + day - 1n;
}

function daysBeforeYear(year: bigint): bigint {
  const past = year - 1n;
  return past * 365n + past / 4n - past / 100n + past / 400n;
}

function daysInMonth(year: bigint, month: bigint): bigint {
  if (month === 2n) return year % 4n === 0n && (year % 100n !== 0n || year % 400n === 0n) ? 29n : 28n;
  return [4n, 6n, 9n, 11n].includes(month) ? 30n : 31n;
}

function dateOfDay(day: bigint): string {
  // 365.2425 days make a year; the estimate is at most one year off.
  let year = 1970n + floorDivide(day * 10_000n, 3_652_425n);
  while (dayNumber(year, 1n, 1n) > day) year--;
  while (dayNumber(year + 1n, 1n, 1n) <= day) year++;
  let month = 1n;
  while (month < 12n && dayNumber(year, month + 1n, 1n) <= day) month++;
  const dayOfMonth = day - dayNumber(year, month, 1n) + 1n;
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(dayOfMonth, 2)}`;
}
