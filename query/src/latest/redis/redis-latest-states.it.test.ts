import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  bucketOf,
  canonicalJson,
  connectRedis,
  encodeOrder,
  loadSettings,
  printTime,
  RedisKeys,
  silentLogger,
  STATE_FIELDS,
  waitUntilReady,
} from "@lastknown/shared";
import type { Cluster } from "ioredis";
import type { UserState } from "../../answers/user-state.js";
import { describeLatestStates, type LatestStatesUnderTest } from "../latest-states.contract.js";
import { UnreadableStateError } from "../latest-states.js";
import { RedisLatestStates } from "./redis-latest-states.js";

describeLatestStates("latest states in a real Redis Cluster", async () => {
  const { redis, fleet, written } = await connect();
  const keys = new RedisKeys(fleet);
  const states = new RedisLatestStates(redis, fleet);
  const put = async (state: UserState): Promise<void> => {
    written.add(keys.state(state.user));
    await redis.hset(keys.state(state.user), fieldsOf(state));
  };
  const putProgress = async (user: string, progress: number): Promise<void> => {
    const key = keys.progress(bucketOf(Buffer.from(user)));
    written.add(key);
    await redis.set(key, String(progress));
  };
  const close = (): Promise<void> => disconnect(redis, written);
  return { states, put, putProgress, close } satisfies LatestStatesUnderTest;
});

let connection: Awaited<ReturnType<typeof connect>>;
beforeAll(async () => {
  connection = await connect();
});
afterAll(() => disconnect(connection.redis, connection.written));

test("keys that no worker can have written are told apart from a fault", async () => {
  const { redis, fleet, written } = connection;
  const keys = new RedisKeys(fleet);
  const states = new RedisLatestStates(redis, fleet);
  written.add(keys.state("a-text")).add(keys.progress(bucketOf(Buffer.from("a-text"))));
  await redis.set(keys.state("a-text"), "x");
  await expect(states.read("a-text")).rejects.toThrow(UnreadableStateError);
  await redis.del(keys.state("a-text"));
  for (const text of ["0x10", "1e3", "", "-1", "1.5"]) {
    await redis.set(keys.progress(bucketOf(Buffer.from("a-text"))), text);
    expect(await states.read("a-text")).toEqual({ state: undefined, progress: undefined });
  }
});

test("a hash that is no state of ours is told apart from a fault", async () => {
  const { redis, fleet, written } = connection;
  const key = new RedisKeys(fleet).state("bus");
  written.add(key);
  await redis.hset(key, { order: "newest" });
  await expect(new RedisLatestStates(redis, fleet).read("bus")).rejects.toThrow(UnreadableStateError);
});

async function connect(): Promise<{ redis: Cluster; fleet: string; written: Set<string> }> {
  const settings = loadSettings();
  const redis = connectRedis(settings.redis, silentLogger);
  await waitUntilReady(redis, settings.redis);
  return { redis, fleet: `query-it-${randomUUID()}`, written: new Set() };
}

async function disconnect(redis: Cluster, written: ReadonlySet<string>): Promise<void> {
  for (const key of written) await redis.del(key);
  redis.disconnect();
}

function fieldsOf(state: UserState): Record<string, string> {
  return {
    [STATE_FIELDS.order]: encodeOrder(state),
    [STATE_FIELDS.timeStamp]: printTime(state.timeStamp),
    [STATE_FIELDS.sts]: printTime(state.sts),
    [STATE_FIELDS.attributes]: canonicalJson(state.attributes),
    [STATE_FIELDS.source]: `${state.source.topic}/${state.source.partition}/${state.source.offset}`,
  };
}
