import type { Cluster } from "ioredis";
import { exitCodes, FatalError } from "../errors/index.js";
import type { RedisSettings } from "../settings/index.js";
import { nodesOf } from "./connect-redis.js";
import { probeNode } from "./probe-node.js";

/**
 * Resolves when the cluster serves all its slots. After `readyDeadlineMs`, and the time to ask a node why, throws
 * a FatalError (exit code 4) that names the nodes and the reason; the caller then still has to disconnect.
 */
export async function waitUntilReady(cluster: Cluster, settings: RedisSettings): Promise<void> {
  if (cluster.status === "ready" || (await isReadyWithin(cluster, settings.readyDeadlineMs))) return;
  const [node] = settings.nodes;
  const reason = node === undefined ? new Error("no node is named") : await probeNode(node, settings);
  throw new FatalError(`the Redis Cluster at ${nodesOf(settings)} is not ready (${reason.message})`, {
    fix: "start it, or set LASTKNOWN_REDIS_NODES and the login to a cluster's",
    exitCode: exitCodes.unreachable,
    cause: reason,
  });
}

/** False after the deadline, or if it was disconnected for good. */
function isReadyWithin(cluster: Cluster, deadlineMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isReady: boolean): void => {
      clearTimeout(timer);
      cluster.off("ready", onReady);
      cluster.off("end", onEnd);
      resolve(isReady);
    };
    const onReady = (): void => settle(true);
    const onEnd = (): void => settle(false);
    const timer = setTimeout(() => settle(false), deadlineMs);
    cluster.on("ready", onReady);
    cluster.on("end", onEnd);
  });
}
