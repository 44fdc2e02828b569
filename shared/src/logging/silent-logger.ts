import type { Logger } from "./logger.js";

/** Says nothing; for tests, and for tools whose own output is enough. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
