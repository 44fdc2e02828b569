const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Each from two of it on: below that the smaller one tells more. */
const UNITS = [
  { name: "years", seconds: YEAR },
  { name: "days", seconds: DAY },
  { name: "h", seconds: HOUR },
  { name: "min", seconds: MINUTE },
];

/**
 * "3 s", "5 min", "7 h", "9 days", "54 years": in the unit of which it is at least two.
 *
 * @param printSeconds how seconds below two minutes are rounded; up to whole ones unless given
 */
export function printDuration(
  seconds: number,
  printSeconds: (seconds: number) => string = (some) => String(Math.ceil(some)),
): string {
  const unit = UNITS.find(({ seconds: one }) => seconds >= 2 * one);
  if (unit === undefined) return `${printSeconds(seconds)} s`;
  return `${Math.round(seconds / unit.seconds)} ${unit.name}`;
}
