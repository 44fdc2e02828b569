export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Facts about what happened. An Error is written with its message, stack and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where a part of the program says what happened. Messages are constant, lower case and without facts, so that
 * they can be counted; the facts are fields. Secrets do not get here: settings hold them as `Secret`, which
 * prints as `(set)`.
 *
 * @example
 *   logger.warn("redis connection lost", { node: "127.0.0.1:7001", error });
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each of its lines. */
  child(fields: LogFields): Logger;
}
