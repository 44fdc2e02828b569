import { restoreStringMethods } from "./string-methods.js";

export { connectRedis } from "./connect-redis.js";
export { isRedisRefusal } from "./probe-node.js";
export { RedisFleetRecordCell } from "./redis-fleet-record-cell.js";
export { redisRefusal } from "./redis-refusal.js";
export { isReadyWithin, RedisUnavailableError, waitUntilReady } from "./wait-until-ready.js";

// As soon as ioredis is loaded, which is once in a process.
restoreStringMethods();
