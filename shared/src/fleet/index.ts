export * from "./commit-note.js";
export * from "./fleet-commits.js";
export * from "./fleet-record.js";
export * from "./names.js";
export * from "./redis-keys.js";
export * from "./fleet-record-copies.js";
export * from "./memory-fleet-record-cell.js";
