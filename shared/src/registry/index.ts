export { ConfluentSchemaRegistry } from "./confluent-schema-registry.js";
export { MemorySchemaRegistry } from "./memory-schema-registry.js";
export * from "./registry-errors.js";
export type { RegisteredSchema, SchemaRegistry } from "./schema-registry.js";
