export * from "./avro/index.js";
export * from "./domain/index.js";
export * from "./fleet/index.js";
export * from "./kafka/index.js";
