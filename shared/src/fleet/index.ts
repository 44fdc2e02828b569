export * from "./fleet-record.js";
export * from "./names.js";
export * from "./redis-keys.js";
