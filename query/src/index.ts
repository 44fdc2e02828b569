export { startQuery, type QueryDependencies, type QueryService } from "./start-query.js";
export { connectQuery, type QueryConnections, type QueryServiceSettings } from "./query-connections.js";
export {
  readAuditRecord,
  type AuditContext,
  type AuditRecord,
  type UnreadableReason,
} from "./folding/read-audit-record.js";
export type { Health } from "./http/health-route.js";
export { addConsumerLagMetrics } from "./operations/consumer-lag-metrics.js";
export { createQueryMetrics, type QueryMetrics, type ViewFigures } from "./operations/query-metrics.js";
