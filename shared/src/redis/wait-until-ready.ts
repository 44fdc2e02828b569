import type { Cluster } from "ioredis";
import { exitCodes, FatalError } from "../errors/index.js";
import type { RedisSettings } from "../settings/index.js";
import { nodesOf } from "./connect-redis.js";
import { probeNode, type NodeProblem } from "./probe-node.js";
import { redisRefusal } from "./redis-refusal.js";

/** The cluster does not serve all its slots. A fault of the infrastructure: it may be waited for. */
export class RedisUnavailableError extends FatalError {
  override readonly name = "RedisUnavailableError";

  /** @param hasTls whether we speak TLS: a node that does not, or speaks nothing else, stays silent or hangs up */
  constructor(nodes: string, reason: Error, hasTls = false) {
    const tls = hasTls
      ? "TLS is on here: if its nodes take none, set LASTKNOWN_REDIS_TLS=off"
      : "TLS is off here: if its nodes take nothing else, set LASTKNOWN_REDIS_TLS=on";
    super(`the Redis Cluster at ${nodes} is not ready (${reason.message})`, {
      fix: `start it, or set LASTKNOWN_REDIS_NODES and the login to a cluster's; ${tls}`,
      exitCode: exitCodes.unreachable,
      cause: reason,
    });
  }
}

/** When it is first asked why the cluster is not ready: what no waiting mends is told then. */
const FIRST_PROBE_AFTER_MS = 1000;

/**
 * Resolves when the cluster serves all its slots; the caller has to disconnect in any case. Errors name the nodes
 * and the reason.
 *
 * @throws RedisUnavailableError after `readyDeadlineMs`, and the time to ask a node why
 * @throws FatalError (exit code 4) as soon as a node refuses us: a wrong login, a certificate, no cluster
 */
export async function waitUntilReady(cluster: Cluster, settings: RedisSettings): Promise<void> {
  const { readyDeadlineMs } = settings;
  const endMs = performance.now() + readyDeadlineMs;
  let problem = NOT_ASKED;
  let waitMs = Math.min(FIRST_PROBE_AFTER_MS, readyDeadlineMs);
  for (; waitMs > 0 && cluster.status !== "end"; waitMs = endMs - performance.now()) {
    if (await isReadyWithin(cluster, waitMs)) return;
    problem = await problemOf(settings);
    if (problem.isRefusal) throw redisRefusal(settings, problem.reason);
  }
  throw new RedisUnavailableError(nodesOf(settings), problem.reason, settings.tls !== undefined);
}

const NOT_ASKED: NodeProblem = { reason: new Error("no node was asked"), isRefusal: false };

async function problemOf(settings: RedisSettings): Promise<NodeProblem> {
  const [node] = settings.nodes;
  return node === undefined ? NOT_ASKED : await probeNode(node, settings);
}

/** False after the deadline, or if it was disconnected for good. */
export function isReadyWithin(cluster: Cluster, deadlineMs: number): Promise<boolean> {
  if (cluster.status === "ready") return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (isReady: boolean): void => {
      clearTimeout(timer);
      cluster.off("ready", onReady);
      cluster.off("end", onEnd);
      resolve(isReady);
    };
    const onReady = (): void => settle(true);
    const onEnd = (): void => settle(false);
    // A client that tries again keeps the process running; one that was ended between two tries says nothing of it.
    const timer = setTimeout(() => settle(false), deadlineMs).unref();
    cluster.on("ready", onReady);
    cluster.on("end", onEnd);
  });
}
