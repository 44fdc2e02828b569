export type { AnswerDrop, Delay, Direction, Reach, Traffic } from "./faults-in-force.js";
export { FaultProxy, type FaultProxyOptions } from "./fault-proxy.js";
export type { ProxyCounts } from "./proxy-counts.js";
export { KAFKA_FETCH, KAFKA_OFFSET_COMMIT, KAFKA_PRODUCE, ServerProxies } from "./server-proxies.js";
