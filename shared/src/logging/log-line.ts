import { inspect } from "node:util";
import type { LogFields, LogLevel } from "./logger.js";

/** One line as the formats print it. */
export interface LogLine {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Causes of a cause that are followed, so that a ring of them ends. */
const CAUSES_MAX = 5;
/** Bytes of a Buffer that are shown. */
const BYTES_SHOWN_MAX = 64;
const DEPTH_MAX = 6;

/** One JSON object without a line end. The fields cannot replace time, level or message. */
export function printJson(line: LogLine): string {
  const { time, level, message, fields } = line;
  const head = { time, level, message };
  // First for the reader's eye, last so that no field of the same name wins.
  return JSON.stringify({ ...head, ...plainFields(fields), ...head });
}

const COLOURS: Readonly<Record<LogLevel, number>> = { debug: 90, info: 32, warn: 33, error: 31 };

/** For people: time of day, level, message, then the facts; an error's stack on lines of its own. */
export function printPretty(line: LogLine, isColoured: boolean): string {
  const level = line.level.padEnd(5);
  const shown = isColoured ? `\u001b[${COLOURS[line.level]}m${level}\u001b[0m` : level;
  const facts: string[] = [];
  const stacks: string[] = [];
  for (const [name, value] of Object.entries(line.fields)) {
    facts.push(`${name}=${value instanceof Error ? value.message : printFact(value)}`);
    if (value instanceof Error && line.level === "error") stacks.push(`\n${value.stack ?? ""}`);
  }
  return [line.time.slice(11, 23), shown, line.message, ...facts].join(" ") + stacks.join("");
}

function printFact(value: unknown): string {
  const plain = toPlain(value, 0);
  return typeof plain === "string" ? plain : JSON.stringify(plain);
}

function plainFields(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, toPlain(value, 0)]));
}

/** What JSON can hold: no rings, no BigInt, no bytes without end. Objects print as their own toJSON says. */
function toPlain(value: unknown, depth: number): unknown {
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Uint8Array) return plainBytes(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value ?? null;
  if (depth >= DEPTH_MAX) return inspect(value, { depth: 0 });
  if (Array.isArray(value)) return value.map((part) => toPlain(part, depth + 1));
  if ("toJSON" in value && typeof value.toJSON === "function") return toPlain(value.toJSON(), depth + 1);
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map ? value.entries() : Object.entries(value);
  return Object.fromEntries([...entries].map(([name, part]) => [String(name), toPlain(part, depth + 1)]));
}

function plainError(error: Error, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: error.message,
    ...("code" in error ? { code: toPlain(error.code, DEPTH_MAX) } : {}),
    ...("fix" in error ? { fix: error.fix } : {}),
    stack: error.stack,
    ...(error.cause === undefined || depth >= CAUSES_MAX ? {} : { cause: toPlain(error.cause, depth + 1) }),
  };
}

function plainBytes(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, BYTES_SHOWN_MAX)).toString("hex");
  return bytes.length > BYTES_SHOWN_MAX ? `${shown}… (${bytes.length} bytes)` : shown;
}
