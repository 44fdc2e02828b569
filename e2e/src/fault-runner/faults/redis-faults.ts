import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runCommand } from "@lastknown/stack";
import { waitUntil } from "../../harness/wait-until.js";
import type { Fault } from "../fault.js";
import type { FaultRun } from "../fault-run.js";
import { seconds } from "./seconds.js";
import type { NodeContent, RedisNode } from "../redis/redis-nodes.js";
import { REDIS_NODE_MS } from "./time-outs.js";

const CUT_MS = 5_000;
const HANG_MS = 10_000;
const BACKUP_AGE_MS = 10_000;
const SERVES_BOUND_MS = 60_000;
const HEALED_BOUND_MS = 60_000;
const RESHARD_BOUND_MS = 120_000;
/** Of many losses a worker may see the last one while it applies the others again: 12 s later, on a busy machine. */
const ALL_HEALED_MS = 20_000;
const SLOTS_MOVED = 1_500;
/**
 * While Redis is away the view answers; where it lacks all, nobody knows until a worker has begun to heal it: 3 s later
 * at most.
 */
const UNKNOWN_MS = 5_000;
/** Where a node keeps its data; beside it stands what it knows of the cluster. */
const DATA_FOLDER = "appendonlydir";

export const killMaster: Fault = {
  name: "kill -9 of a Redis master",
  inEveryTest: false,
  standsStillMs: REDIS_NODE_MS,
  strike: async (run) => {
    const { master, replica } = await shardOf(run, "kill master");
    run.redis.node(master.name).signal("SIGKILL");
    const tookMs = await run.redis.promoted(replica.name);
    await run.redis.restart([master.name]);
    return { seen: `${replica.name} was the master after ${seconds(tookMs)} s` };
  },
};

export const loseAcknowledged: Fault = {
  name: "replication cut for 5 s, then the Redis master killed",
  inEveryTest: true,
  standsStillMs: REDIS_NODE_MS,
  strike: async (run) => {
    const { master, replica } = await shardOf(run, "lose acknowledged");
    await cutReplication(run, master, replica);
    await pause(CUT_MS);
    const acknowledged = await run.redis.contentOf(master.name, run.fleet.name);
    run.redis.node(master.name).signal("SIGKILL");
    // Before it is promoted nobody can have mended what it lacks.
    const kept = await run.redis.contentOf(replica.name, run.fleet.name);
    const lost = lossOf(acknowledged, kept);
    if (lost.states === 0 || lost.buckets === 0) throw new Error("no acknowledged write was lost");
    const promotedMs = await run.redis.promoted(replica.name);
    const healedMs = await healed(run, acknowledged.progress);
    await run.redis.ask(replica.name, ["CONFIG", "SET", "masterauth", ""]);
    await run.redis.restart([master.name]);
    return {
      seen: `${lost.states} acknowledged states and the progress of ${lost.buckets} buckets were lost; ${replica.name} was the master after ${seconds(promotedMs)} s, and had all again ${seconds(healedMs)} s later`,
      figures: { lostStates: lost.states, lostBuckets: lost.buckets, healedAfterSeconds: seconds(healedMs) },
    };
  },
};

/** Its replica can log in no more, so that it gets nothing, while clients go on. */
async function cutReplication(run: FaultRun, master: RedisNode, replica: RedisNode): Promise<void> {
  await run.redis.ask(replica.name, ["CONFIG", "SET", "masterauth", "not-the-password"]);
  await run.redis.ask(master.name, ["CLIENT", "KILL", "TYPE", "replica"]);
}

export const hangMaster: Fault = {
  name: "a Redis master that hangs for 10 s",
  inEveryTest: true,
  standsStillMs: REDIS_NODE_MS,
  strike: async (run) => {
    const { master, replica } = await shardOf(run, "hang master");
    const node = run.redis.node(master.name);
    node.signal("SIGSTOP");
    try {
      const tookMs = await run.redis.promoted(replica.name);
      await pause(Math.max(0, HANG_MS - tookMs));
      return { seen: `${replica.name} was the master after ${seconds(tookMs)} s` };
    } finally {
      node.signal("SIGCONT");
    }
  },
};

export const emptyAll: Fault = {
  name: "all Redis nodes restarted empty",
  inEveryTest: true,
  answersFailMs: UNKNOWN_MS,
  healedWithinMs: ALL_HEALED_MS,
  strike: async (run) => {
    const before = await contentOfMasters(run);
    for (const name of run.redis.names) run.redis.node(name).signal("SIGKILL");
    for (const name of run.redis.names) await rm(dataOf(run, name), { recursive: true, force: true });
    await run.redis.restart(run.redis.names);
    const after = await contentOfMasters(run);
    const lost = lossOf(before, after);
    const healedMs = await healed(run, before.progress);
    if (lost.buckets === 0) throw new Error("nothing was lost");
    return {
      seen: `${lost.states} states were not there yet when the nodes answered again; all were ${seconds(healedMs)} s later`,
      figures: { lostStates: lost.states, lostBuckets: lost.buckets, healedAfterSeconds: seconds(healedMs) },
    };
  },
};

export const restoreOld: Fault = {
  name: "a Redis master and its replica restored from an old backup",
  inEveryTest: false,
  strike: async (run) => {
    const { master, replica } = await shardOf(run, "restore old");
    const backup = join(run.fleet.folder, "redis-backup");
    await cp(dataOf(run, master.name), backup, { recursive: true });
    await pause(BACKUP_AGE_MS);
    const before = await run.redis.contentOf(master.name, run.fleet.name);
    // At once: else the replica would take over with all that is new.
    for (const { name } of [replica, master]) run.redis.node(name).signal("SIGKILL");
    for (const { name } of [replica, master]) {
      await rm(dataOf(run, name), { recursive: true, force: true });
      await cp(backup, dataOf(run, name), { recursive: true });
    }
    const restarted = run.redis.restart([master.name, replica.name]);
    const [after] = await Promise.all([firstContentOf(run, master.name), restarted]);
    const lost = lossOf(before, after);
    const healedMs = await healed(run, before.progress);
    if (lost.states === 0 || lost.buckets === 0) throw new Error("the backup lacked nothing");
    return {
      seen: `${master.name} came back with its backup, without ${lost.states} states and the progress of ${lost.buckets} buckets of the last ${BACKUP_AGE_MS / 1000} s, and had all again ${seconds(healedMs)} s later`,
      figures: { lostStates: lost.states, lostBuckets: lost.buckets, healedAfterSeconds: seconds(healedMs) },
    };
  },
};

export const reshard: Fault = {
  name: "hash slots moved between Redis masters under load",
  inEveryTest: false,
  strike: async (run) => {
    const [from, to] = run.randomOf("reshard").shuffle(await run.redis.masters());
    if (from === undefined || to === undefined) throw new Error("there are no two masters");
    const before = (await run.redis.contentOf(to.name, run.fleet.name)).progress.size;
    const { exitCode, stdout, stderr } = await runCommand(
      "redis-cli",
      [
        ["--cluster", "reshard", run.redis.addressOf(from.name), "--cluster-yes"],
        ["--cluster-from", from.id, "--cluster-to", to.id, "--cluster-slots", String(SLOTS_MOVED)],
      ].flat(),
      { boundMs: RESHARD_BOUND_MS },
    );
    if (exitCode !== 0) throw new Error(`redis-cli: ${stdout.toString().slice(-500)}${stderr.toString()}`);
    const after = (await run.redis.contentOf(to.name, run.fleet.name)).progress.size;
    if (after <= before) throw new Error("no bucket moved");
    return {
      seen: `${SLOTS_MOVED} slots with ${after - before} buckets went from ${from.name} to ${to.name}`,
    };
  },
};

export const failOver: Fault = {
  name: "failover of a Redis master by command",
  inEveryTest: false,
  strike: async (run) => {
    const { master, replica } = await shardOf(run, "fail over");
    await run.redis.ask(replica.name, ["CLUSTER", "FAILOVER"]);
    const tookMs = await run.redis.promoted(replica.name);
    return { seen: `${replica.name} was the master in place of ${master.name} after ${seconds(tookMs)} s` };
  },
};

async function shardOf(run: FaultRun, fault: string): Promise<{ master: RedisNode; replica: RedisNode }> {
  const master = run.randomOf(fault).pick(await run.redis.masters());
  return { master, replica: await run.redis.replicaOf(master) };
}

async function contentOfMasters(run: FaultRun): Promise<NodeContent> {
  const masters = await run.redis.masters();
  const contents = await Promise.all(masters.map(({ name }) => run.redis.contentOf(name, run.fleet.name)));
  return {
    orders: new Map(contents.flatMap(({ orders }) => [...orders])),
    progress: new Map(contents.flatMap(({ progress }) => [...progress])),
  };
}

/** What a node has as soon as it serves again: soon afterwards the workers have mended what it lacks. */
async function firstContentOf(run: FaultRun, name: string): Promise<NodeContent> {
  const look = async (): Promise<NodeContent | undefined> =>
    await run.redis.contentOf(name, run.fleet.name).catch(() => undefined);
  return await waitUntil(look, { what: `${name} to serve again`, boundMs: SERVES_BOUND_MS });
}

/** How many states are older than they were, and how many buckets have less progress. */
function lossOf(before: NodeContent, after: NodeContent): { states: number; buckets: number } {
  const states = [...before.orders].filter(([key, order]) => (after.orders.get(key) ?? "") < order);
  const buckets = [...before.progress].filter(
    ([bucket, offset]) => (after.progress.get(bucket) ?? 0) < offset,
  );
  return { states: states.length, buckets: buckets.length };
}

/** Resolves when every bucket has at least the progress that it had. Gives how long that took. */
async function healed(run: FaultRun, progress: NodeContent["progress"]): Promise<number> {
  const fromMs = performance.now();
  const look = async (): Promise<true | undefined> => {
    const now = await contentOfMasters(run).catch(() => undefined);
    const isThere = [...progress].every(([bucket, offset]) => (now?.progress.get(bucket) ?? 0) >= offset);
    return isThere ? true : undefined;
  };
  await waitUntil(look, { what: "Redis to have what it had", boundMs: HEALED_BOUND_MS });
  return performance.now() - fromMs;
}

function dataOf(run: FaultRun, name: string): string {
  return join(run.stack.directory, name, DATA_FOLDER);
}
