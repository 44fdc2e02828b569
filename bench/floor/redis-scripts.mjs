// What Redis alone allows, asked by redis-benchmark: one compare-and-set at a time, and the product's own script.

import { RedisKeys } from "@lastknown/shared";
import { runCommand } from "@lastknown/stack";
import { built } from "../check/built.mjs";
import { cpuMicrosOfAll } from "../machine/process-cost.mjs";
import { RedisNode, requestFor } from "../visibility/redis-node.mjs";

const BUCKET = 0;
const USERS = 50_000;
const USERS_PER_CALL = 16;
const BOUND_MS = 120_000;
/** redis-benchmark puts twelve random digits in its place. */
const RANDOM = "__rand_int__";
const LOAD = ["-c", "4", "-P", "16", "-r", String(USERS)];
/** What anybody would write: the newer of two times wins. */
const PLAIN_SCRIPT = `
local before = redis.call('HGET', KEYS[1], 'time')
if before and before >= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'time', ARGV[1], 'state', ARGV[2])
return 1`;
/** As the attributes of the drain's events. */
const STATE = JSON.stringify({
  battery: 50,
  heading: 180,
  latitude: 48.12345,
  longitude: 2.12345,
  note: "on its way to the next station",
  speed: 50.5,
});

/**
 * @param {{ fleet: { name: string }, servers: object, users: number }} options `users` are how many are compared
 * @returns {Promise<Record<"plain" | "ours", { usersPerSecond: number, redisMicrosPerUser: number }>>}
 */
export async function redisScripts({ fleet, servers, users }) {
  const { UPSERT_SCRIPT } = await built("consumer", "states/redis/state-scripts.js");
  const keys = new RedisKeys(fleet.name);
  const node = await nodeOf(servers.stack.addresses.redisNodes, keys.progress(BUCKET));
  const pids = servers.roles.get("redis ×3");
  const measure = async (script, calls, args) => {
    const [sha] = await node.connection.ask(requestFor([["SCRIPT", "LOAD", script]]), 1);
    const [host, port] = node.address.split(":");
    const before = cpuMicrosOfAll(pids);
    const command = ["-h", host, "-p", port, ...LOAD, "-n", String(calls), "--csv", "evalsha", sha, ...args];
    const { stdout } = await runCommand("redis-benchmark", command, { boundMs: BOUND_MS });
    return { callsPerSecond: rateIn(stdout.toString()), micros: cpuMicrosOfAll(pids) - before };
  };
  try {
    const plain = await measure(PLAIN_SCRIPT, users, [
      "1",
      keys.state(`plain-${RANDOM}`, BUCKET),
      RANDOM,
      STATE,
    ]);
    const calls = Math.ceil(users / USERS_PER_CALL);
    const ours = await measure(UPSERT_SCRIPT, calls, upsertArguments(keys));
    return {
      plain: { usersPerSecond: plain.callsPerSecond, redisMicrosPerUser: plain.micros / users },
      ours: {
        usersPerSecond: ours.callsPerSecond * USERS_PER_CALL,
        redisMicrosPerUser: ours.micros / (calls * USERS_PER_CALL),
      },
    };
  } finally {
    node.connection.close();
  }
}

/** As a worker calls it for one bucket; the orders are random, so that most users lose after a while. */
function upsertArguments(keys) {
  const users = Array.from({ length: USERS_PER_CALL }, (_, index) =>
    keys.state(`${index}-${RANDOM}`, BUCKET),
  );
  const time = "2024-01-01T00:12:00.123000Z";
  const values = [`${RANDOM.padEnd(74, "0")}`, time, time, STATE, "bench.events/0/123456"];
  return [
    String(users.length + 1),
    keys.progress(BUCKET),
    ...users,
    "0",
    "1",
    ...users.flatMap(() => values),
  ];
}

async function nodeOf(addresses, key) {
  for (const address of addresses) {
    const connection = await RedisNode.open(address);
    const [answer] = await connection.ask(requestFor([["GET", key]]), 1);
    if (!answer?.startsWith("-MOVED")) return { address, connection };
    connection.close();
  }
  throw new Error(`no Redis node serves ${key}`);
}

/** The last line ends with the rate and six times, all in quotes; what was asked comes before and may hold commas. */
function rateIn(csv) {
  const rate = Number(csv.trim().split('","').at(-7));
  if (rate > 0) return rate;
  throw new Error(`redis-benchmark says no rate: ${csv.slice(-300)}`);
}
