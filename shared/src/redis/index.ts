export { connectRedis } from "./connect-redis.js";
export { RedisFleetRecordCell } from "./redis-fleet-record-cell.js";
export { waitUntilReady } from "./wait-until-ready.js";
