import {
  FatalError,
  exitCodes,
  isLegalTime,
  parseEpochTime,
  parseIsoTime,
  type ColumnType,
  type EpochUnit,
  type Micros,
} from "@lastknown/shared";
import { endOfRecord, splitFields } from "../csv/fields.js";
import type { ReplayOptions } from "./replay-options.js";

/** The command line's flags, in the form that commander takes: flags, then what they do. */
export const REPLAY_FLAGS: readonly (readonly [flags: string, description: string])[] = [
  ["--user-column <name>", "who a row is about; found by name otherwise (user_id, device_id, …)"],
  ["--time-column <name>", "when it happened; found by name otherwise (time_stamp, timestamp, …)"],
  ["--arrival-column <name>", "when it was received; found by name otherwise (sts, …), else the time column"],
  ["--time-unit <unit>", "what numeric times count: s, ms, us or auto (by their size)"],
  ["--zone <name>", "IANA zone of times without Z or offset, such as Europe/Madrid"],
  ["--types <list>", "COL=double|long|boolean|string,…; inferred otherwise"],
  ["--not-identity <list>", "COL,…: columns that change with each sending of the same observation"],
  ["--event-id-column <name>", "the column that names each observation; its content does otherwise"],
  ["--separator <character>", "between fields; told by the header otherwise (, ; tab |)"],
  ["--quote <character>", 'around fields, or none; " otherwise'],
  ["--decimal <mark>", "before a number's fraction: a point, a comma, or auto"],
  ["--speed <factor>", "1, any factor, or max; 1 otherwise"],
  ["--rate <rows>", "rows per second, whatever their times say"],
  ["--start <time>", "only rows received at or after this time"],
  ["--end <time>", "only rows received before this time"],
  ["--limit <rows>", "stop after so many rows"],
  ["--loop [turns]", "send the file again and again, each turn later by the file's span"],
  ["--checkpoint <file>", "keep how far it came, and go on from there"],
  ["--max-gap <duration>", "cut longer silences to this, such as 30s or 5m"],
  ["--live", "set the time of arrival to the moment of sending"],
  ["--dry-run", "only report what the file holds"],
  ["--rejects <file>", "write rejected rows there, with line number and reason"],
  [
    "--sort-memory <megabytes>",
    "memory for ordering the rows, beyond which they are spilled to disk; 64 otherwise",
  ],
  ["--temp <directory>", "where they are spilled; the system's temporary directory otherwise"],
];

/** What commander makes of REPLAY_FLAGS: every value as it was typed. */
export interface ReplayFlags {
  readonly userColumn?: string;
  readonly timeColumn?: string;
  readonly arrivalColumn?: string;
  readonly timeUnit?: string;
  readonly zone?: string;
  readonly types?: string;
  readonly notIdentity?: string;
  readonly eventIdColumn?: string;
  readonly separator?: string;
  readonly quote?: string;
  readonly decimal?: string;
  readonly speed?: string;
  readonly rate?: string;
  readonly start?: string;
  readonly end?: string;
  readonly limit?: string;
  readonly loop?: string | boolean;
  readonly checkpoint?: string;
  readonly maxGap?: string;
  readonly live?: boolean;
  readonly dryRun?: boolean;
  readonly rejects?: string;
  readonly sortMemory?: string;
  readonly temp?: string;
}

/**
 * Turns flags into options.
 *
 * @throws FatalError (usage) for a value that cannot be read
 */
export function parseReplayFlags(file: string, flags: ReplayFlags): ReplayOptions {
  const { userColumn, timeColumn, arrivalColumn, eventIdColumn, zone, checkpoint, live, dryRun, rejects } =
    flags;
  return {
    file,
    userColumn,
    timeColumn,
    arrivalColumn,
    eventIdColumn,
    zone,
    checkpoint,
    live,
    dryRun,
    rejects,
    temporaryDirectory: flags.temp,
    notIdentity: read(flags.notIdentity, (text) => listed("--not-identity", text)),
    types: read(flags.types, parseTypes),
    timeUnit: read(flags.timeUnit, (text) => oneOf("--time-unit", TIME_UNITS, text)),
    separator: read(flags.separator, parseSeparator),
    quote: read(flags.quote, parseQuote),
    decimal: read(flags.decimal, (text) => oneOf("--decimal", ["auto", ".", ","] as const, text)),
    speed: read(flags.speed, (text) =>
      text === "max" ? "max" : positive("--speed", text, "1, a factor such as 60, or max"),
    ),
    rate: read(flags.rate, (text) => positive("--rate", text, "rows per second, such as 1000")),
    start: read(flags.start, (text) => parseMoment("--start", text)),
    end: read(flags.end, (text) => parseMoment("--end", text)),
    limit: read(flags.limit, (text) => wholeNumber("--limit", text)),
    turns: read(flags.loop, parseTurns),
    maxGap: read(flags.maxGap, parseDuration),
    sortMemoryBytes: read(flags.sortMemory, (text) => wholeNumber("--sort-memory", text) * 1024 * 1024),
  };
}

const TIME_UNITS: readonly EpochUnit[] = ["s", "ms", "us", "auto"];
const COLUMN_TYPES: readonly ColumnType[] = ["double", "long", "boolean", "string"];

function read<Text, Value>(text: Text | undefined, parse: (text: Text) => Value): Value | undefined {
  return text === undefined ? undefined : parse(text);
}

function oneOf<Word extends string>(flag: string, words: readonly Word[], text: string): Word {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw wrong(flag, text, `one of ${words.join(", ")}`);
  return word;
}

const LIST = { separator: ",", quote: '"' } as const;
const LIST_BYTES = { separator: LIST.separator.charCodeAt(0), quote: LIST.quote.charCodeAt(0) } as const;

/** One record of CSV, so that a column's name may hold a comma: `"note, free=string",speed=double`. */
function listed(flag: string, text: string): string[] {
  const bytes = Buffer.from(text);
  const end = endOfRecord(bytes, 0, LIST_BYTES, true);
  if (end.kind !== "ended" || end.end !== bytes.length) {
    throw wrong(flag, text, "names divided by commas; one that holds a comma in double quotes");
  }
  return splitFields(text, LIST).filter((name) => name !== "");
}

/** The last `=` divides: a column's name may hold one. */
function parseTypes(list: string): Record<string, ColumnType> {
  const types = Object.create(null) as Record<string, ColumnType>;
  for (const part of listed("--types", list)) {
    const equals = part.lastIndexOf("=");
    if (equals < 1) throw wrong("--types", part, "COL=double|long|boolean|string,…");
    types[part.slice(0, equals)] = oneOf("--types", COLUMN_TYPES, part.slice(equals + 1));
  }
  return types;
}

function parseSeparator(text: string): string {
  const character = text === "tab" || text === "\\t" ? "\t" : text;
  if (isOneCharacter(character)) return character;
  throw wrong("--separator", text, "one ASCII character, or tab");
}

function parseQuote(text: string): string {
  if (text === "none" || isOneCharacter(text)) return text;
  throw wrong("--quote", text, "one ASCII character, or none");
}

/** Digits, signs and letters would take numbers and names apart. */
function isOneCharacter(text: string): boolean {
  return /^[\t !-*,./:-@[-`{-~]$/.test(text);
}

function positive(flag: string, text: string, expected: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (number > 0 && number <= 1e9) return number;
  throw wrong(flag, text, expected);
}

function wholeNumber(flag: string, text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw wrong(flag, text, "a whole number from 1");
}

function parseTurns(text: string | boolean): number {
  if (typeof text === "string") return wholeNumber("--loop", text);
  return text ? Infinity : 1;
}

function parseMoment(flag: string, text: string): Micros {
  const time = /^-?\d+([.]\d+)?$/.test(text) ? parseEpochTime(text, "auto") : parseIsoTime(text);
  if (time.kind === "instant" && isLegalTime(time.micros)) return time.micros;
  throw wrong(flag, text, "a time with Z or an offset, such as 2024-03-10T12:00:00Z");
}

const MICROS_PER_UNIT = { ms: 1e3, s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6 } as const;

function parseDuration(text: string): Micros {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)?$/.exec(text);
  if (match === null) throw wrong("--max-gap", text, "a duration such as 500ms, 30s, 5m or 1h");
  const unit = (match[2] ?? "s") as keyof typeof MICROS_PER_UNIT;
  return Math.round(Number(match[1]) * MICROS_PER_UNIT[unit]);
}

function wrong(flag: string, text: string, expected: string): FatalError {
  return new FatalError(`${flag} cannot be ${JSON.stringify(text)}`, {
    fix: `give ${expected}`,
    exitCode: exitCodes.usage,
  });
}
