export { ChildProcess } from "./child-process.js";
export { freePorts } from "./free-ports.js";
export type { Service } from "./lastknown.js";
export { TestFleet, type QueryService } from "./test-fleet.js";
export { waitUntil } from "./wait-until.js";
