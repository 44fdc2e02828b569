import type { Cluster } from "ioredis";
import { exitCodes, FatalError } from "../errors/index.js";
import type { RedisSettings } from "../settings/index.js";
import { nodesOf } from "./connect-redis.js";

/**
 * Resolves when the cluster serves all its slots. Throws a FatalError (exit code 4) that names the nodes after
 * `readyDeadlineMs`; the caller then still has to disconnect.
 */
export async function waitUntilReady(cluster: Cluster, settings: RedisSettings): Promise<void> {
  if (cluster.status === "ready") return;
  let nodeError: Error | undefined;
  const rememberError = (error: Error): void => {
    nodeError = error;
  };
  cluster.on("node error", rememberError);
  try {
    await readyWithin(cluster, settings.readyDeadlineMs);
  } catch (error) {
    const reason = nodeError?.message ?? (error instanceof Error ? error.message : String(error));
    throw new FatalError(`the Redis Cluster at ${nodesOf(settings)} is not ready (${reason})`, {
      fix: "start it, or set LASTKNOWN_REDIS_NODES to a cluster's nodes and its password",
      exitCode: exitCodes.unreachable,
      cause: nodeError ?? error,
    });
  } finally {
    cluster.off("node error", rememberError);
  }
}

function readyWithin(cluster: Cluster, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      cluster.off("ready", onReady);
      cluster.off("end", onEnd);
      finish();
    };
    const onReady = (): void => settle(resolve);
    const onEnd = (): void => settle(() => reject(new Error("disconnected")));
    const onLate = (): void => settle(() => reject(new Error(`no answer within ${deadlineMs} ms`)));
    const timer = setTimeout(onLate, deadlineMs);
    cluster.on("ready", onReady);
    cluster.on("end", onEnd);
  });
}
