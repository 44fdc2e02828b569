import { Redis } from "ioredis";
import { isCertificateFault, type HostPort, type RedisSettings } from "../settings/index.js";
import { nodeOptions, withoutCommand } from "./node-options.js";

/** Why a node does not serve. */
export interface NodeProblem {
  readonly reason: Error;
  /** It is there and refuses us, by login, right or certificate, or is no cluster's: no waiting mends that. */
  readonly isRefusal: boolean;
}

/**
 * Why a node does not serve, told by a connection of its own: the cluster client keeps to itself why the ones
 * broke that it found the nodes with. Ends within connect plus socket time-out, and when `ending` is aborted.
 */
export async function probeNode(
  node: HostPort,
  settings: RedisSettings,
  ending?: AbortSignal,
): Promise<NodeProblem> {
  const { host, port } = node;
  const redis = new Redis({
    ...nodeOptions(settings),
    host,
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // The first tells why the connection broke, and those after it only that it did.
  let first: Error | undefined;
  redis.on("error", (error: Error) => {
    first ??= withoutCommand(error);
  });
  const end = (): void => redis.disconnect();
  ending?.addEventListener("abort", end, { once: true });
  try {
    await redis.connect();
    return await clusterProblem(redis, node);
  } catch (error) {
    const reason = first ?? (error instanceof Error ? withoutCommand(error) : new Error(String(error)));
    return { reason, isRefusal: isRedisRefusal(reason) };
  } finally {
    ending?.removeEventListener("abort", end);
    redis.disconnect();
  }
}

async function clusterProblem(redis: Redis, { host, port }: HostPort): Promise<NodeProblem> {
  try {
    const answer = await redis.call("CLUSTER", "INFO");
    const state = /cluster_state:\w+/.exec(String(answer))?.[0] ?? "no cluster_state";
    return { reason: new Error(`${state} on ${host}:${port}`), isRefusal: false };
  } catch (error) {
    if (codeOf(error) !== "ERR") throw error;
    // To one that it takes commands from, only a node without a cluster says so.
    return { reason: withoutCommand(error as Error), isRefusal: true };
  }
}

/** A wrong login, or a right that is missing. */
const REFUSAL_CODES = new Set(["WRONGPASS", "NOAUTH", "NOPERM"]);

/** Whether a node is there and refuses us, which no waiting mends; `error` is ioredis's own. */
export function isRedisRefusal(error: unknown): boolean {
  return isCertificateFault(error) || REFUSAL_CODES.has(codeOf(error) ?? "");
}

/** What a node's error reply begins with; undefined for other errors. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && error.name === "ReplyError" ? error.message.split(" ", 1)[0] : undefined;
}
