import { Redis } from "ioredis";
import type { HostPort, RedisSettings } from "../settings/index.js";
import { nodeOptions, withoutCommand } from "./node-options.js";

/**
 * Why a node does not serve, told by a connection of its own: the cluster client keeps to itself why the ones
 * broke that it found the nodes with. Ends within connect plus socket time-out.
 */
export async function probeNode(node: HostPort, settings: RedisSettings): Promise<Error> {
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
  try {
    await redis.connect();
    const info = await redis.call("CLUSTER", "INFO");
    const state = /cluster_state:\w+/.exec(String(info))?.[0] ?? "no cluster_state";
    return new Error(`${state} on ${host}:${port}`);
  } catch (error) {
    return first ?? (error instanceof Error ? withoutCommand(error) : new Error(String(error)));
  } finally {
    redis.disconnect();
  }
}
