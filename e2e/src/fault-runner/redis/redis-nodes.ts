import type { RunningStack, StackNode } from "@lastknown/stack";
import { Redis } from "ioredis";
import { waitUntil } from "../../harness/wait-until.js";

/** One node as the cluster has it. */
export interface RedisNode {
  readonly name: string;
  readonly id: string;
  readonly isMaster: boolean;
  /** The id of a replica's master. */
  readonly masterId: string;
}

/** What a node holds of a fleet, whether it is a master or a replica. */
export interface NodeContent {
  /** By key of a state: its order. */
  readonly orders: ReadonlyMap<string, string>;
  /** By bucket. */
  readonly progress: ReadonlyMap<number, number>;
}

const ANSWER_BOUND_MS = 3_000;
const SCAN_COUNT = 10_000;
const SCANS_MAX = 10_000;
const ROLE_BOUND_MS = 30_000;

/** The nodes of the Redis Cluster that the faults are made to, each asked by itself. */
export class RedisNodes {
  readonly #stack: RunningStack;
  /** `host:port` by name. */
  readonly #addresses: ReadonlyMap<string, string>;
  /** The name by `host:port`, as the nodes name each other. */
  readonly #names: ReadonlyMap<string, string>;

  constructor(stack: RunningStack) {
    this.#stack = stack;
    const names = stack.nodeNames.filter((name) => name.startsWith("redis-"));
    this.#addresses = new Map(names.map((name, index) => [name, stack.addresses.redisNodes[index] ?? ""]));
    this.#names = new Map(announcedNodes(stack).map((address, index) => [address, names[index] ?? ""]));
  }

  get names(): string[] {
    return [...this.#addresses.keys()];
  }

  node(name: string): StackNode {
    return this.#stack.node(name);
  }

  /** Ends the nodes that run, and starts all on their own files. Resolves when the cluster is whole. */
  async restart(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#stack.restartNode(name)));
  }

  addressOf(name: string): string {
    return this.#addresses.get(name) ?? "";
  }

  /** As a node that answers sees them, without those that failed. */
  async all(): Promise<RedisNode[]> {
    for (const name of this.names) {
      const described = await this.ask(name, ["CLUSTER", "NODES"]).catch(() => undefined);
      if (typeof described === "string") return this.#parse(described);
    }
    throw new Error("no Redis node answers");
  }

  async masters(): Promise<RedisNode[]> {
    return (await this.all()).filter(({ isMaster }) => isMaster);
  }

  async replicaOf(master: RedisNode): Promise<RedisNode> {
    const replica = (await this.all()).find(({ masterId }) => masterId === master.id);
    if (replica === undefined) throw new Error(`${master.name} has no replica`);
    return replica;
  }

  /** Resolves when a node is a master. Gives how long that took. */
  async promoted(name: string): Promise<number> {
    const fromMs = performance.now();
    const look = async (): Promise<true | undefined> => {
      const role = await this.ask(name, ["ROLE"]).catch(() => undefined);
      return Array.isArray(role) && role[0] === "master" ? true : undefined;
    };
    await waitUntil(look, { what: `${name} to be a master`, boundMs: ROLE_BOUND_MS });
    return performance.now() - fromMs;
  }

  async ask(name: string, [command = "", ...args]: readonly string[]): Promise<unknown> {
    return await this.#with(name, async (redis) => await redis.call(command, ...args));
  }

  /** Reads the node's own copy, even where it is a replica. */
  async contentOf(name: string, fleet: string): Promise<NodeContent> {
    return await this.#with(name, async (redis) => {
      await redis.call("READONLY");
      const orders = new Map<string, string>();
      const progress = new Map<number, number>();
      let cursor = "0";
      for (let scans = 0; scans < SCANS_MAX; scans++) {
        const [next, keys] = await redis.scan(cursor, "MATCH", `${fleet}{*}:*`, "COUNT", SCAN_COUNT);
        await Promise.all(keys.map(async (key) => await readKey(redis, key, { orders, progress })));
        if (next === "0") return { orders, progress };
        cursor = next;
      }
      throw new Error(`${name} has more keys than ${SCANS_MAX} scans show`);
    });
  }

  async #with<Answer>(name: string, use: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    const [host = "", port] = this.addressOf(name).split(":");
    const redis = new Redis({
      host,
      port: Number(port),
      lazyConnect: true,
      connectTimeout: ANSWER_BOUND_MS,
      commandTimeout: ANSWER_BOUND_MS,
      retryStrategy: () => null,
    });
    redis.on("error", () => undefined);
    try {
      await redis.connect();
      return await use(redis);
    } finally {
      redis.disconnect();
    }
  }

  #parse(described: string): RedisNode[] {
    const nodes: RedisNode[] = [];
    for (const line of described.trim().split("\n")) {
      const [id = "", address = "", flags = "", masterId = ""] = line.split(" ");
      const name = this.#names.get(address.split("@", 1)[0] ?? "");
      const isFailed = flags.split(",").includes("fail");
      if (name === undefined || isFailed) continue;
      nodes.push({ name, id, isMaster: flags.includes("master"), masterId });
    }
    return nodes;
  }
}

/** `host:port` of each node as the nodes name each other to clients: of a proxy before it, or its own. */
export function announcedNodes(stack: RunningStack): string[] {
  return (stack.proxiedEnvironment["LASTKNOWN_REDIS_NODES"] ?? "").split(",");
}

async function readKey(
  redis: Redis,
  key: string,
  { orders, progress }: { orders: Map<string, string>; progress: Map<number, number> },
): Promise<void> {
  if (key.includes("}:user:")) orders.set(key, (await redis.hget(key, "order")) ?? "");
  if (key.endsWith("}:progress"))
    progress.set(Number(/\{(\d+)\}/.exec(key)?.[1]), Number(await redis.get(key)));
}
