import { randomUUID } from "node:crypto";
import { describeFleetRecordCell } from "../fleet/fleet-record-cell.contract.js";
import { RedisKeys } from "../fleet/redis-keys.js";
import { silentLogger } from "../logging/index.js";
import { loadSettings } from "../settings/index.js";
import { connectRedis } from "./connect-redis.js";
import { RedisFleetRecordCell } from "./redis-fleet-record-cell.js";
import { waitUntilReady } from "./wait-until-ready.js";

describeFleetRecordCell("RedisFleetRecordCell", async () => {
  const settings = loadSettings().redis;
  const fleet = `foundation-${randomUUID()}`;
  const [redis, another] = [connectRedis(settings, silentLogger), connectRedis(settings, silentLogger)];
  await Promise.all([redis, another].map((cluster) => waitUntilReady(cluster, settings)));
  return {
    cell: new RedisFleetRecordCell(redis, fleet),
    seenByAnother: new RedisFleetRecordCell(another, fleet),
    close: async () => {
      await redis.del(new RedisKeys(fleet).fleetRecord());
      redis.disconnect();
      another.disconnect();
    },
  };
});
