export * from "./logger.js";
export * from "./silent-logger.js";
