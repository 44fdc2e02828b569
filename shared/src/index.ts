export * from "./avro/index.js";
export * from "./domain/index.js";
export * from "./errors/index.js";
export * from "./fleet/index.js";
export * from "./kafka/index.js";
export * from "./logging/index.js";
export * from "./registry/index.js";
export * from "./settings/index.js";
