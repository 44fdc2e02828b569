import { Cluster, type ClusterOptions } from "ioredis";
import type { Logger } from "../logging/index.js";
import { printAddress, type RedisSettings } from "../settings/index.js";
import { nodeOptions, withoutCommand } from "./node-options.js";
import { probeNode } from "./probe-node.js";
import { redisRefusal } from "./redis-refusal.js";
import { warnOfUnneededPassword } from "./unneeded-password.js";

/**
 * ioredis has no time-outs of its own and gives up at the first failover; these survive one. Measured: with
 * 250 ms and 64 redirections no call fails during a failover, and the worst takes 4.9 s.
 */
const RETRY_DELAY_MS = 250;
const REDIRECTIONS_MAX = 64;
/** Moved slots are noticed within this time even where every call succeeds elsewhere. */
const SLOTS_REFRESH_INTERVAL_MS = 5000;
const SLOTS_REFRESH_TIMEOUT_MS = 2000;
/** Pauses before another look for a cluster of which no node answers. */
const RECONNECT_DELAY_MS = 100;
const RECONNECT_DELAY_MAX_MS = 2000;
/** A node that stays away is logged this often, not at each attempt. */
const NODE_ERROR_LOG_INTERVAL_MS = 10_000;

/**
 * Begins to connect and returns at once; `waitUntilReady` waits. Lost connections come back by themselves, and
 * errors of connections are logged, never thrown: each call tells its own. The caller ends it with `disconnect`.
 */
export function connectRedis(settings: RedisSettings, logger: Logger): Cluster {
  const cluster = new Cluster([...settings.nodes], clusterOptions(settings));
  const log = new ErrorLog(logger);
  const ending = new AbortController();
  cluster.once("end", () => ending.abort());
  cluster.on("error", (error: Error) => {
    const why = (): Promise<Error> => reasonOf(error, settings, ending.signal);
    log.write("redis cluster error", nodesOf(settings), error, why);
  });
  cluster.on("node error", (error: Error, node: string) =>
    log.write("redis node error", node, withoutCommand(error)),
  );
  if (settings.password !== undefined) {
    cluster.once("ready", () => void warnOfUnneededPassword(cluster, settings, logger));
  }
  return cluster;
}

/** The client says only that no node served it; why one refuses us, it says itself. */
async function reasonOf(error: Error, settings: RedisSettings, ending: AbortSignal): Promise<Error> {
  const [node] = settings.nodes;
  if (node === undefined || ending.aborted) return error;
  const { reason, isRefusal } = await probeNode(node, settings, ending);
  return isRefusal ? redisRefusal(settings, reason) : error;
}

/** The startup nodes, as a person names them. */
export function nodesOf(settings: RedisSettings): string {
  return settings.nodes.map(printAddress).join(",");
}

function clusterOptions(settings: RedisSettings) {
  return {
    clusterRetryStrategy: (times) =>
      Math.min(RECONNECT_DELAY_MS * 2 ** Math.min(times, 10), RECONNECT_DELAY_MAX_MS),
    maxRedirections: REDIRECTIONS_MAX,
    retryDelayOnFailover: RETRY_DELAY_MS,
    retryDelayOnClusterDown: RETRY_DELAY_MS,
    slotsRefreshInterval: SLOTS_REFRESH_INTERVAL_MS,
    slotsRefreshTimeout: SLOTS_REFRESH_TIMEOUT_MS,
    // A replica may lack what was just written, and then state would seem to go back.
    scaleReads: "master",
    // Certificates name hosts: resolved to an address, none would match.
    ...(settings.tls === undefined ? {} : { dnsLookup: keepHost }),
    redisOptions: nodeOptions(settings),
  } satisfies ClusterOptions;
}

const keepHost: NonNullable<ClusterOptions["dnsLookup"]> = (host, callback) => callback(null, host);

/** Logs the first error of each place and then one per interval, with the number that it left out. */
class ErrorLog {
  readonly #logger: Logger;
  /** By place; as many as the cluster has nodes. */
  readonly #places = new Map<string, { loggedAtMs: number; unlogged: number }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param why finds the error to tell instead; asked only where one is told */
  write(message: string, place: string, error: Error, why?: () => Promise<Error>): void {
    const nowMs = performance.now();
    const last = this.#places.get(place);
    if (last !== undefined && nowMs - last.loggedAtMs < NODE_ERROR_LOG_INTERVAL_MS) {
      last.unlogged += 1;
      return;
    }
    this.#places.set(place, { loggedAtMs: nowMs, unlogged: 0 });
    const warn = (told: Error): void =>
      this.#logger.warn(message, { node: place, error: told, unlogged: last?.unlogged ?? 0 });
    if (why === undefined) warn(error);
    else void why().then(warn, warn);
  }
}
