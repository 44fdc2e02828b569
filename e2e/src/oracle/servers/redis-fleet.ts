import { spawn } from "node:child_process";
import type { OracleLogin } from "./oracle-login.js";

/** What a fleet has in Redis, read from every master of the cluster. */
export interface RedisFleet {
  /** By whole key: the hash of one user's state. */
  readonly states: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** By bucket: the offset up to which it is applied. */
  readonly progress: ReadonlyMap<number, string>;
}

/** Keys asked for in one run of redis-cli. */
const KEYS_PER_RUN = 5_000;
const SCAN_COUNT = 10_000;
const SCANS_MAX = 100_000;

/**
 * Reads all keys of a fleet with redis-cli.
 *
 * @param nodes `host:port` of any nodes of the cluster, separated by commas; the first one is asked for the rest
 */
export async function readRedisFleet(nodes: string, fleet: string, login?: OracleLogin): Promise<RedisFleet> {
  const states = new Map<string, Record<string, string>>();
  const progress = new Map<number, string>();
  for (const master of await mastersOf(nodes.split(",")[0] ?? "", login)) {
    const place = { node: master, login };
    const keys = await scan(place, `${escapeGlob(fleet)}{*}:*`);
    const stateKeys = keys.filter((key) => /^[^{}]*\{\d+\}:user:/.test(key));
    const progressKeys = keys.filter((key) => /^[^{}]*\{\d+\}:progress$/.test(key));
    const hashes = await ask(
      place,
      stateKeys.map((key) => `HGETALL ${quote(key)}`),
    );
    stateKeys.forEach((key, index) => states.set(key, hashes[index] as Record<string, string>));
    const offsets = await ask(
      place,
      progressKeys.map((key) => `GET ${quote(key)}`),
    );
    progressKeys.forEach((key, index) => {
      progress.set(Number(/\{(\d+)\}/.exec(key)?.[1]), String(offsets[index]));
    });
  }
  return { states, progress };
}

interface ClusterNode {
  readonly ip: string;
  /** One of the two, as the node takes TLS or not. */
  readonly port?: number;
  readonly "tls-port"?: number;
  readonly role: string;
  readonly health: string;
}

async function mastersOf(node: string, login?: OracleLogin): Promise<string[]> {
  const [shards] = await ask({ node, login }, ["CLUSTER SHARDS"]);
  const nodes = (shards as { nodes: ClusterNode[] }[]).flatMap((shard) => shard.nodes);
  const masters = nodes.filter(({ role, health }) => role === "master" && health === "online");
  return masters.map((master) => `${master.ip}:${master.port ?? master["tls-port"]}`);
}

interface NodePlace {
  /** `host:port` */
  readonly node: string;
  readonly login: OracleLogin | undefined;
}

async function scan(place: NodePlace, pattern: string): Promise<string[]> {
  const keys = new Set<string>();
  let cursor = "0";
  for (let scans = 0; scans < SCANS_MAX; scans++) {
    const [reply] = await ask(place, [`SCAN ${cursor} MATCH ${quote(pattern)} COUNT ${SCAN_COUNT}`]);
    const [next, found] = reply as [string, string[]];
    for (const key of found) keys.add(key);
    if (next === "0") return [...keys];
    cursor = next;
  }
  throw new Error(`${place.node} has more keys than ${SCANS_MAX} scans show`);
}

/** The replies of one node to commands, one by one, as redis-cli prints them in JSON. */
async function ask(place: NodePlace, commands: string[]): Promise<unknown[]> {
  const replies: unknown[] = [];
  for (let from = 0; from < commands.length; from += KEYS_PER_RUN) {
    const some = commands.slice(from, from + KEYS_PER_RUN);
    const lines = (await redisCli(place, some)).split("\n").slice(0, -1);
    if (lines.length !== some.length) throw new Error(`redis-cli answered otherwise: ${lines.join("\n")}`);
    replies.push(...lines.map((line) => parseReply(place.node, line)));
  }
  return replies;
}

function parseReply(node: string, line: string): unknown {
  if (line.startsWith("error:")) throw new Error(`${node}: ${line}`);
  return JSON.parse(line);
}

function redisCli({ node, login }: NodePlace, commands: string[]): Promise<string> {
  const [host, port] = node.split(/:(?=\d+$)/);
  const secured =
    login === undefined ? [] : ["--tls", "--cacert", login.authorityFile, "--user", login.redis.username];
  const environment = login === undefined ? {} : { REDISCLI_AUTH: login.redis.password };
  const child = spawn("redis-cli", ["-h", host ?? "", "-p", port ?? "", "--json", ...secured], {
    env: { ...process.env, ...environment },
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin.end(`${commands.join("\n")}\n`);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString());
      else reject(new Error(`redis-cli on ${node} ended with ${code}: ${Buffer.concat(errors).toString()}`));
    });
  });
}

/** An argument for redis-cli's own command line, every byte but letters and digits escaped. */
function quote(argument: string): string {
  const bytes = [...Buffer.from(argument)].map((byte) => {
    const plain = /[A-Za-z0-9]/.test(String.fromCharCode(byte));
    return plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `"${bytes.join("")}"`;
}

function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\^]/g, "\\$&");
}
