export type { AnswerDrop, Delay, Direction, Reach, Traffic } from "./faults-in-force.js";
export { FaultProxy, type FaultProxyOptions } from "./fault-proxy.js";
export type { ProxyCounts } from "./proxy-counts.js";
