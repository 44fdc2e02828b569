export * from "./appender.js";
export * from "./errors.js";
export * from "./create-kafka.js";
export * from "./kafka-appender.js";
export * from "./kafka-log-reader.js";
export * from "./log-reader.js";
export * from "./memory-log.js";
