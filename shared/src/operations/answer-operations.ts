import type { Metrics } from "../metrics/index.js";
import {
  printResults,
  runLiveChecks,
  runReadyChecks,
  Tolerated,
  type LiveCheck,
  type NamedResult,
  type ReadyCheck,
} from "./checks.js";

/** What the operations port can tell. */
export interface Operations {
  readonly metrics: Metrics;
  /** Failing one of these asks the supervisor to restart us. */
  readonly live: Readonly<Record<string, LiveCheck>>;
  /** Failing one of these takes us out of service until it passes. */
  readonly ready: Readonly<Record<string, ReadyCheck>>;
  /** Told by `/readyz?verbose`, and no reason to be taken out of service: servers without which we go on. */
  readonly tolerated?: Readonly<Record<string, ReadyCheck>>;
}

export interface OperationsAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Below the second after which Kubernetes gives a probe up. */
const READY_DEADLINE_MS = 800;

/** Answers `/livez`, `/readyz` (each with `?verbose`) and `/metrics`; without sockets, so that tests need none. */
export async function answerOperations(
  operations: Operations,
  method: string | undefined,
  target: string | undefined,
): Promise<OperationsAnswer> {
  if (method !== "GET" && method !== "HEAD") return plain(405, "only GET\n");
  const [path, query = ""] = (target ?? "/").split("?", 2);
  const isVerbose = query.split("&").some((part) => part === "verbose" || part.startsWith("verbose="));
  switch (path) {
    case "/livez":
      return answerChecks(runLiveChecks(operations.live), isVerbose);
    case "/readyz":
      return await answerReadiness(operations, isVerbose);
    case "/metrics":
      return {
        status: 200,
        contentType: operations.metrics.contentType,
        body: await operations.metrics.text(),
      };
    default:
      return plain(404, "there is /livez, /readyz, /readyz?verbose and /metrics\n");
  }
}

async function answerReadiness(
  { ready, tolerated = {} }: Operations,
  isVerbose: boolean,
): Promise<OperationsAnswer> {
  const [results, others] = await Promise.all([
    runReadyChecks(ready, READY_DEADLINE_MS),
    isVerbose ? runReadyChecks(tolerated, READY_DEADLINE_MS) : [],
  ]);
  return answerChecks([...results, ...others.map(withTolerance)], isVerbose);
}

function withTolerance({ name, problem }: NamedResult): NamedResult {
  return { name, problem: typeof problem === "string" ? new Tolerated(problem) : problem };
}

/** A failed probe is always told in full: whoever sees it wants to know which check. */
function answerChecks(results: readonly NamedResult[], isVerbose: boolean): OperationsAnswer {
  const isWell = results.every(({ problem }) => typeof problem !== "string");
  const details = isVerbose || !isWell ? printResults(results) : "";
  return isWell ? plain(200, `${details}ok\n`) : plain(503, `${details}failed\n`);
}

function plain(status: number, body: string): OperationsAnswer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}
