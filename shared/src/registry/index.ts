export * from "./registry-errors.js";
export * from "./schema-registry.js";
