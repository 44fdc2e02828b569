/** How figures are written. What is not known is a dash, never a zero. */
export const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en");
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

export const count = (value) => (value === null ? UNKNOWN : whole.format(value));

export const share = (part, all) => (all === 0 ? UNKNOWN : percent.format(part / all));

/** Per second. */
export const rate = (value) => {
  if (value === null) return UNKNOWN;
  return value !== 0 && value < 100 ? tenth.format(value) : whole.format(Math.round(value));
};

/** A number of things: "1 record", "2 records". */
export const counted = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration, with as many digits as tell something. */
export const seconds = (value) => {
  if (value === null) return UNKNOWN;
  if (value === 0) return "0 s";
  if (value < 1) return `${Math.max(1, Math.round(value * 1000))} ms`;
  if (value < 2 * MINUTE) return `${tenth.format(value)} s`;
  if (value < 2 * HOUR) return `${Math.round(value / MINUTE)} min`;
  if (value < 2 * DAY) return `${tenth.format(value / HOUR)} h`;
  return `${whole.format(Math.round(value / DAY))} days`;
};

/** Partitions as a person would list them: "0–3, 8". */
export const ranges = (numbers) => {
  const parts = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last !== undefined && last.to === number - 1) last.to = number;
    else parts.push({ from: number, to: number });
  }
  return parts.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
};

/** What tells the members of a group from each other: the end of their ids. */
export const shortMember = (memberId) => memberId.slice(-8);
