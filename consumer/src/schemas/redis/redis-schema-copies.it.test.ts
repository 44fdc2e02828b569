import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "@jest/globals";
import { connectRedis, loadSettings, RedisKeys, silentLogger, waitUntilReady } from "@lastknown/shared";
import { describeSchemaCopies } from "../schema-copies.contract.js";
import { RedisSchemaCopies } from "./redis-schema-copies.js";

const settings = loadSettings().redis;
const [redis, another] = [connectRedis(settings, silentLogger), connectRedis(settings, silentLogger)];
const keys: string[] = [];

beforeAll(async () => {
  await Promise.all([redis, another].map((cluster) => waitUntilReady(cluster, settings)));
});
afterAll(async () => {
  await Promise.all(keys.map((key) => redis.del(key)));
  redis.disconnect();
  another.disconnect();
});

describeSchemaCopies("redis", () => {
  const fleet = `test-${randomUUID()}`;
  const key = new RedisKeys(fleet).schemaCopies();
  keys.push(key);
  return {
    copies: new RedisSchemaCopies({ redis, fleet, deadlineMs: 5000 }),
    seenByAnother: new RedisSchemaCopies({ redis: another, fleet, deadlineMs: 5000 }),
    lose: async () => {
      await redis.del(key);
    },
  };
});
