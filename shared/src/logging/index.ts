export { createLogger, type CreateLoggerOptions } from "./create-logger.js";
export * from "./logger.js";
export * from "./silent-logger.js";
