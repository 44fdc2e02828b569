import type { Writable } from "node:stream";
import { stderr } from "node:process";
import { createLogger as createWinston, format, transports } from "winston";
import type { LogFields, Logger, LogLevel } from "./logger.js";
import { printJson, printPretty, type LogLine } from "./log-line.js";

export interface CreateLoggerOptions {
  /** Which part of the program speaks: `worker`, `query`, … */
  readonly component: string;
  /** Standard error by default: standard output is for results. */
  readonly stream?: Writable;
}

/** What of the settings' `log` section decides the form. */
export interface LogForm {
  readonly level: LogLevel;
  readonly format: "auto" | "json" | "pretty";
}

/**
 * A logger that writes one JSON object a line, or lines for people on a terminal.
 *
 * @example
 *   const logger = createLogger(settings.log, { component: "worker" });
 *   logger.info("partition assigned", { topic, partition });
 */
export function createLogger(form: LogForm, options: CreateLoggerOptions): Logger {
  const stream = options.stream ?? stderr;
  const isTerminal = "isTTY" in stream && stream.isTTY === true;
  const isPretty = form.format === "pretty" || (form.format === "auto" && isTerminal);
  // A terminal's own hasColors heeds NO_COLOR.
  const isColoured = isTerminal && "hasColors" in stream && typeof stream.hasColors === "function";
  const print = isPretty
    ? (line: LogLine) => printPretty(line, isColoured && Boolean((stream as typeof stderr).hasColors()))
    : printJson;
  const winston = createWinston({
    level: form.level,
    levels: LEVEL_RANKS,
    format: format.printf((entry) => print(entry["line"] as LogLine)),
    transports: [new transports.Stream({ stream })],
  });
  const write = (line: LogLine): void => {
    if (LEVEL_RANKS[line.level] <= LEVEL_RANKS[form.level])
      winston.log({ level: line.level, message: "", line });
  };
  return new WinstonLogger(write, { component: options.component });
}

/** Winston's ranks: the smaller, the worse. */
const LEVEL_RANKS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

class WinstonLogger implements Logger {
  readonly #write: (line: LogLine) => void;
  readonly #fields: LogFields;

  constructor(write: (line: LogLine) => void, fields: LogFields) {
    this.#write = write;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    this.#log("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log("error", message, fields);
  }

  child(fields: LogFields): Logger {
    return new WinstonLogger(this.#write, { ...this.#fields, ...fields });
  }

  #log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#write({ time: new Date().toISOString(), level, message, fields: { ...this.#fields, ...fields } });
  }
}
