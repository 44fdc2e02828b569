// What was lost is made anew from the audit: the view, on disk and in memory, and the states in Redis.

import { setTimeout as sleep } from "node:timers/promises";
import { fleetNames } from "@lastknown/shared";
import { Random } from "@lastknown/producer";
import { CostMeter } from "../machine/cost-meter.mjs";
import { untilSo } from "../phases/until-so.mjs";
import { appliedOf, wantedIn } from "../phases/until-visible.mjs";
import { spreadOf } from "../report/spread.mjs";
import { HttpConnection } from "../visibility/http-connection.mjs";
import { lacking } from "../visibility/newest-in-redis.mjs";
import { ProgressWatch } from "../visibility/progress-watch.mjs";
import { withAdmin, withReader } from "../visibility/read-records.mjs";
import { RedisNode, requestFor } from "../visibility/redis-node.mjs";
import { ViewWatch } from "../visibility/view-watch.mjs";

/** What makes what anew: how its process is named, and its profile. */
export const REBUILDERS = {
  onDisk: "query-on-disk",
  onDiskAsked: "query-on-disk-asked",
  inMemory: "query-in-memory",
  redis: "worker-of-rebuild",
};
const LOOK_EVERY_MS = 50;
const WAITING = { boundMs: 3_600_000, everyMs: LOOK_EVERY_MS };

/** Between an answer and the next question, where a view is asked meanwhile. */
const ASK_PAUSE_MS = 10;

/**
 * @param {"onDisk" | "onDiskAsked" | "inMemory"} kind of view; `onDiskAsked`: while one connection asks for latest
 * @returns events a second from the service's first event to its last, and CPU µs of all of its start for each; and how
 *   long answers took
 */
export async function rebuildView({ fleet, servers, newest }, kind) {
  const wanted = await wantedIn(fleet);
  const meter = startMeter(servers);
  const settings = { LASTKNOWN_VIEW: kind === "inMemory" ? "memory" : "lmdb" };
  await fleet.launchQuery({ name: REBUILDERS[kind], settings });
  meter.began("query", fleet.roles.get("query")[0]);
  const view = new ViewWatch(fleet.queryOperationsPort, LOOK_EVERY_MS);
  view.start();
  const isDone = () => view.arrivals >= wanted;
  const asking =
    kind === "onDiskAsked" ? askLatestUntil(isDone, { fleet, view, users: [...newest.keys()] }) : undefined;
  const [, latestMs] = await Promise.all([
    untilSo(isDone, { ...WAITING, fleet, what: `the view has ${wanted} arrivals` }),
    asking,
  ]);
  const cost = meter.stop(wanted);
  const sights = await view.stop();
  await fleet.stopQuery();
  const [first, last] = [sights[0], sights.at(-1)];
  const seconds = (last.seenAtMs - first.seenAtMs) / 1000;
  return {
    eventsPerSecond: (last.arrivals - first.arrivals) / seconds,
    microsPerEvent: cost.roles.query.microsPerEvent,
    ...(latestMs === undefined ? {} : { latest: spreadOf(latestMs) }),
    cost,
  };
}

/** From the first event of the view on. @returns {Promise<number[]>} how long each answer took, in ms */
async function askLatestUntil(isDone, { fleet, view, users }) {
  await untilSo(() => view.arrivals > 0, { ...WAITING, fleet, what: "the view has an arrival" });
  const connection = await HttpConnection.open(fleet.queryPort);
  const random = new Random(users.length);
  const waitsMs = [];
  try {
    while (!isDone()) {
      const askedMs = performance.now();
      const status = await connection.ask(`/v1/users/${users[random.below(users.length)]}`);
      if (status !== 200) throw new Error(`latest was answered with ${status}`);
      waitsMs.push(performance.now() - askedMs);
      await sleep(ASK_PAUSE_MS);
    }
  } finally {
    connection.close();
  }
  return waitsMs;
}

/**
 * Empties Redis, and the events topic, so that nothing but the audit can bring the states back. No worker may run.
 * @param {ReadonlyMap<string, number>} newest of each user
 * @returns from the first state that is there again to the last
 */
export async function rebuildRedis({ fleet, servers, newest }) {
  const addresses = servers.stack.addresses.redisNodes;
  const wanted = await wantedIn(fleet);
  await deleteEvents(fleet);
  const nodes = await Promise.all(addresses.map((address) => RedisNode.open(address)));
  try {
    for (const node of nodes) await node.ask(requestFor([["FLUSHALL"]]), 1);
    const meter = startMeter(servers);
    await fleet.launchWorkers(1, REBUILDERS.redis);
    const [[role, [pid]]] = fleet.roles;
    meter.began(role, pid);
    const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, pauseMs: LOOK_EVERY_MS });
    progress.start();
    const isBegun = async () => (await keysOf(nodes)) > newest.size / 100;
    await untilSo(isBegun, { ...WAITING, fleet, what: "states come back" });
    const [startedMs, before] = [performance.now(), await keysOf(nodes)];
    const isDone = () => appliedOf(progress, fleet.partitions) >= wanted;
    await untilSo(isDone, { ...WAITING, fleet, what: "all progress is there again" });
    const seconds = (performance.now() - startedMs) / 1000;
    const cost = meter.stop(wanted);
    await progress.stop();
    return {
      usersPerSecond: (newest.size - before) / seconds,
      entriesPerSecond: (wanted * (1 - before / newest.size)) / seconds,
      microsPerEntry: cost.roles[role].microsPerEvent,
      usersLacking: (await lacking({ fleet: fleet.name, addresses, newest })).length,
      cost,
    };
  } finally {
    for (const node of nodes) node.close();
  }
}

function startMeter(servers) {
  const meter = new CostMeter(new Map([...servers.roles, ["bench", [process.pid]]]));
  meter.start();
  return meter;
}

async function keysOf(nodes) {
  const counts = await Promise.all(nodes.map((node) => node.ask(requestFor([["DBSIZE"]]), 1)));
  return counts.reduce((sum, [count]) => sum + Number(count.slice(1)), 0);
}

async function deleteEvents(fleet) {
  const { eventsTopic } = fleetNames(fleet.name);
  const ends = await withReader(fleet, (reader) => reader.ends(eventsTopic));
  await withAdmin(fleet, async (admin) => {
    for (const [partition, { end }] of ends) await admin.deleteRecords(eventsTopic, partition, end);
  });
}
