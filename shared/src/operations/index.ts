export * from "./answer-operations.js";
export { Tolerated } from "./checks.js";
export type { CheckResult, LiveCheck, ReadyCheck } from "./checks.js";
export * from "./operations-server.js";
