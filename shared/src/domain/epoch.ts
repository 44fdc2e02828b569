import { isLegalTime, OUT_OF_RANGE, type Micros, type ParsedTime } from "./time.js";

/** How a numeric time counts: seconds, milliseconds or microseconds since 1970, or told by its size. */
export type EpochUnit = "s" | "ms" | "us" | "auto";

/** How many microseconds a unit has, and so how many digits of a fraction stand for whole ones. */
const UNITS = {
  s: { inMicros: 1_000_000, fractionDigits: 6 },
  ms: { inMicros: 1000, fractionDigits: 3 },
  us: { inMicros: 1, fractionDigits: 0 },
} as const;
const EPOCH_TIME = /^(-?)(\d{1,19})(?:[.,](\d{1,32}))?$/;

/**
 * Reads a time counted since 1970. With `auto` the size tells the unit: below 10^11 seconds, below 10^14
 * milliseconds, else microseconds. (So ms before 1973-03-03 need the unit named.) Digits below a microsecond
 * are cut off and `truncated` says so, whatever they were.
 */
export function parseEpochTime(text: string, unit: EpochUnit): ParsedTime {
  const match = EPOCH_TIME.exec(text);
  if (match === null)
    return { kind: "invalid", reason: "not a number of seconds, milliseconds or microseconds" };
  const [, sign = "", whole = "", fraction = ""] = match;
  const magnitude = Number(whole);
  const { inMicros, fractionDigits } = UNITS[unit === "auto" ? unitBySize(magnitude) : unit];
  // Whole and fraction are scaled apart: their sum as one double would lose the microseconds.
  const below = fraction === "" ? 0 : Number(fraction.slice(0, fractionDigits).padEnd(fractionDigits, "0"));
  const cutOff = fraction.slice(fractionDigits);
  const cut = magnitude * inMicros + below;
  // Down to the whole microsecond before it, as an ISO time's digits are cut, also before 1970.
  const micros: Micros = sign === "-" ? -cut - (/[1-9]/.test(cutOff) ? 1 : 0) : cut;
  // "-0" must not become negative zero, which prints and compares oddly.
  return isLegalTime(micros)
    ? { kind: "instant", micros: micros + 0, truncated: cutOff !== "" }
    : { kind: "invalid", reason: OUT_OF_RANGE };
}

function unitBySize(magnitude: number): "s" | "ms" | "us" {
  if (magnitude < 1e11) return "s";
  return magnitude < 1e14 ? "ms" : "us";
}
