import { mkdirSync } from "node:fs";
import type { ServerLaunch } from "../lifetime/launch-server.js";
import { waitUntil } from "../lifetime/wait-until.js";
import { HOST, proxyBefore, type RedisPlace, type StackState } from "../stack-layout.js";
import { redisCommand } from "./redis-commands.js";
import { writeRedisSecurity } from "./redis-security.js";
import { IN_THE_CLEAR, type ServerAccess } from "./server-access.js";
import type { ServerFiles } from "./server-files.js";

const COMMAND_BOUND_MS = 2_000;
const SLOTS = 16_384;
const MEET_BOUND_MS = 30_000;

export function redisLaunch(state: StackState, node: RedisPlace, files: ServerFiles): ServerLaunch {
  const folder = files.folderOf(node.name);
  mkdirSync(folder, { recursive: true });
  const proxy = proxyBefore(state.layout, node.name);
  const { security } = state.layout;
  const listener =
    security === undefined
      ? ["--port", String(node.port)]
      : [writeRedisSecurity(files.directory, node, security)];
  return {
    command: files.tools.redisServer.command,
    argv0: files.tools.redisServer.argv0,
    args: [
      // A file of settings has to come first.
      [...listener, "--bind", HOST, "--dir", folder],
      ["--cluster-enabled", "yes", "--cluster-port", String(node.clusterPort)],
      ["--cluster-announce-ip", HOST, "--cluster-config-file", "nodes.conf"],
      // Clients and replicas are sent there; the nodes' own talk goes from bus to bus.
      proxy === undefined ? [] : ["--cluster-announce-port", String(proxy.port)],
      ["--cluster-node-timeout", String(state.redisNodeTimeoutMs)],
      ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""],
      ["--maxmemory-policy", "noeviction"],
      // A state's order has 74 characters: with Redis's own limit of 64 no user's hash would be kept compact.
      ["--hash-max-listpack-value", "512"],
      // A replica is linked at once instead of after five seconds.
      ["--repl-diskless-sync-delay", "0"],
    ].flat(),
    cwd: folder,
    logFile: files.logFileOf(node.name),
  };
}

/** Makes one cluster of nodes that are up and know nothing of each other yet. */
export async function createCluster(
  nodes: readonly RedisPlace[],
  access: ServerAccess = IN_THE_CLEAR,
): Promise<void> {
  const ask = asker(access);
  const masters = nodes.filter(({ replicaOf }) => replicaOf === null);
  for (const [index, node] of nodes.entries()) {
    await ask(node, ["CLUSTER", "SET-CONFIG-EPOCH", String(index + 1)]);
  }
  for (const [index, master] of masters.entries()) {
    const [first, last] = slotsOf(index, masters.length);
    await ask(master, ["CLUSTER", "ADDSLOTSRANGE", String(first), String(last)]);
  }
  const [firstNode, ...others] = nodes;
  if (firstNode === undefined) return;
  for (const other of others) {
    await ask(firstNode, ["CLUSTER", "MEET", HOST, String(other.port), String(other.clusterPort)]);
  }
  await waitUntil({
    what: "every Redis node knows every node",
    boundMs: MEET_BOUND_MS,
    lacking: async () =>
      firstLack(nodes, async (node) => strangersTo(await clusterNodes(node, ask), nodes.length)),
  });
  for (const replica of nodes) {
    const master = masters.find(({ name }) => name === replica.replicaOf);
    if (master === undefined) continue;
    await ask(replica, ["CLUSTER", "REPLICATE", await ask(master, ["CLUSTER", "MYID"])]);
  }
}

/** The range of hash slots of one master among several: all of them, evenly. */
export function slotsOf(index: number, masters: number): [number, number] {
  const first = Math.floor((index * SLOTS) / masters);
  return [first, Math.floor(((index + 1) * SLOTS) / masters) - 1];
}

/** Undefined when every node answers, sees the whole cluster as healthy, and every replica has its master's link. */
export async function redisClusterLacks(
  nodes: readonly RedisPlace[],
  access: ServerAccess = IN_THE_CLEAR,
): Promise<string | undefined> {
  return firstLack(nodes, (node) => redisNodeLacks(node, nodes, access));
}

/** The same for one node's own view. */
export async function redisNodeLacks(
  node: RedisPlace,
  nodes: readonly RedisPlace[],
  access: ServerAccess = IN_THE_CLEAR,
): Promise<string | undefined> {
  const ask = asker(access);
  try {
    const info = fields(await ask(node, ["CLUSTER", "INFO"]));
    if (info.get("cluster_state") !== "ok") return `${node.name}: cluster_state ${info.get("cluster_state")}`;
    const view = await clusterNodes(node, ask);
    const strangers = strangersTo(view, nodes.length) ?? unknownReplicas(view, nodes);
    if (strangers !== undefined) return `${node.name}: ${strangers}`;
    const replication = fields(await ask(node, ["INFO", "replication"]));
    return lacksLink(node, replication, nodes);
  } catch (error) {
    return `${node.name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function lacksLink(
  node: RedisPlace,
  replication: ReadonlyMap<string, string>,
  nodes: readonly RedisPlace[],
): string | undefined {
  if (replication.get("role") === "slave") {
    const link = replication.get("master_link_status");
    return link === "up" ? undefined : `${node.name}: master_link_status ${link}`;
  }
  const copies = nodes.some(({ replicaOf }) => replicaOf !== null) ? 1 : 0;
  const linked = Number(replication.get("connected_slaves"));
  return linked >= copies ? undefined : `${node.name}: ${linked} of ${copies} replicas linked`;
}

/** The lines of CLUSTER NODES: id, address, flags, … */
async function clusterNodes(node: RedisPlace, ask: Ask): Promise<string[][]> {
  const text = await ask(node, ["CLUSTER", "NODES"]);
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
}

const UNSETTLED = ["handshake", "fail", "fail?", "noaddr"];

/** What one node's view of the others lacks; each must be met, linked and not suspected. */
export function strangersTo(view: readonly (readonly string[])[], count: number): string | undefined {
  if (view.length !== count) return `knows ${view.length} of ${count} nodes`;
  for (const [, address, flags = "", , , , , link] of view) {
    const unsettled = flags.split(",").find((flag) => UNSETTLED.includes(flag));
    if (unsettled !== undefined) return `sees ${address} as ${unsettled}`;
    if (link !== "connected") return `has no link to ${address}`;
  }
  return undefined;
}

/** After a failover other nodes are the replicas, but as many. */
function unknownReplicas(
  view: readonly (readonly string[])[],
  nodes: readonly RedisPlace[],
): string | undefined {
  const known = view.filter(([, , flags = ""]) => flags.split(",").includes("slave")).length;
  const planned = nodes.filter(({ replicaOf }) => replicaOf !== null).length;
  return known === planned ? undefined : `knows ${known} of ${planned} replicas`;
}

async function firstLack(
  nodes: readonly RedisPlace[],
  lackOf: (node: RedisPlace) => Promise<string | undefined>,
): Promise<string | undefined> {
  const lacks = await Promise.all(nodes.map(lackOf));
  return lacks.find((lack) => lack !== undefined);
}

/** `name:value` lines, as INFO and CLUSTER INFO answer. */
export function fields(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) found.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return found;
}

type Ask = (node: RedisPlace, args: readonly string[]) => Promise<string>;

function asker(access: ServerAccess): Ask {
  return (node, args) => redisCommand(node.port, args, COMMAND_BOUND_MS, access);
}
