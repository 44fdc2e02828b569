export * from "./appender.js";
export * from "./errors.js";
export * from "./log-reader.js";
export * from "./memory-log.js";
