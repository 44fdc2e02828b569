import { isRedisRefusal, serverErrorKind, ServerErrors, VERDICTS, type Metrics } from "@lastknown/shared";
import { DATA_SOURCES } from "../answers/answer.js";
import type { FoldObserver } from "../folding/audit-folder.js";
import { UNREADABLE_REASONS } from "../folding/read-audit-record.js";
import { KEEPER_STATES, type KeeperState } from "../folding/view-keeper.js";
import type { Lag } from "../freshness/freshness.js";
import type { AnswerObserver } from "../http/http-server.js";
import { LatestUnavailableError } from "../latest/latest-states.js";

/** All files of the page at `/` count as one. */
const PAGE_FILES = "/page/*";
/** It lasts as long as its listener stays, which says nothing about how fast answers are. */
const UNTIMED_ROUTE = "/status/stream";

/** The patterns of all routes; what fits none counts as `unknown`. */
export const ROUTES = [
  "/v1/users",
  "/v1/users/:user",
  "/v1/users/:user/history",
  "/v1/users/:user/explain",
  "/status",
  "/status/stream",
  "/health",
  "/openapi.json",
  "/docs",
  "/docs/",
  "/",
  PAGE_FILES,
  "unknown",
] as const;

const QUERY_SERVERS = ["kafka", "redis"] as const;
const STATUS_CLASSES = ["2xx", "3xx", "4xx", "5xx"] as const;
const ANSWER_BUCKETS_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** Looked up when the metrics are read. */
export interface ViewFigures {
  readonly state: () => KeeperState;
  /** Whether the view has been where the audit ended when it got there. */
  readonly hasCaughtUp: () => boolean;
  readonly lagRecords: () => number | undefined;
  readonly lagSeconds: () => Promise<Lag>;
  /** What is wrong with each server, or undefined. */
  readonly servers: () => Readonly<Record<"kafka" | "redis", () => Promise<string | undefined>>>;
}

export interface QueryMetrics {
  readonly answers: AnswerObserver;
  readonly folding: FoldObserver;
  readonly serverFailed: (server: (typeof QUERY_SERVERS)[number], error: unknown) => void;
}

export function createQueryMetrics(metrics: Metrics, view: ViewFigures): QueryMetrics {
  addViewGauges(metrics, view);
  const serverErrors = new ServerErrors(metrics, QUERY_SERVERS);
  const serverFailed: QueryMetrics["serverFailed"] = (server, error) =>
    serverErrors.count(server, server === "redis" ? redisErrorKind(error) : serverErrorKind(error));
  return {
    answers: answerObserver(metrics),
    folding: foldObserver(metrics, { view, failed: (error) => serverFailed("kafka", error) }),
    serverFailed,
  };
}

/** Whatever a read of Redis failed at, Redis did not answer it: ioredis has many errors, and a deadline is ours. */
function redisErrorKind(error: unknown): "refused" | "unavailable" {
  const cause = error instanceof LatestUnavailableError ? error.cause : error;
  return isRedisRefusal(cause) ? "refused" : "unavailable";
}

function answerObserver(metrics: Metrics): AnswerObserver {
  const answers = metrics.counter({
    name: "lastknown_query_answers_total",
    help: "HTTP answers by route, class of status and the store that they came from.",
    labels: { route: ROUTES, status: STATUS_CLASSES, source: DATA_SOURCES },
  });
  const durations = metrics.histogram({
    name: "lastknown_query_answer_seconds",
    help: "How long an HTTP answer took; not of /status/stream, which lasts as long as its listener.",
    labels: { route: ROUTES },
    buckets: ANSWER_BUCKETS_SECONDS,
  });
  return {
    answered: ({ route: pattern, status: code, source, seconds }) => {
      const named = pattern?.startsWith("/page/") === true ? PAGE_FILES : pattern;
      const route = ROUTES.find((known) => known === named) ?? "unknown";
      const status = STATUS_CLASSES[Math.floor(code / 100) - 2] ?? "5xx";
      answers.inc({ route, status, source });
      if (route !== UNTIMED_ROUTE) durations.observe({ route }, seconds);
    },
  };
}

function foldObserver(
  metrics: Metrics,
  { view, failed }: { readonly view: ViewFigures } & Pick<FoldObserver, "failed">,
): FoldObserver {
  const folded = metrics.counter({
    name: "lastknown_view_entries_total",
    help: "Audit entries read into the view: new ones, and doubles that it had.",
    labels: { kind: ["added", "double"] },
  });
  const arrivals = metrics.counter({
    name: "lastknown_view_arrivals_total",
    help: "Arrivals folded into the view by the verdict on each, and by whether the view was catching up then.",
    labels: { verdict: VERDICTS, phase: ["catching-up", "live"] },
  });
  const unreadable = metrics.counter({
    name: "lastknown_view_unreadable_records_total",
    help: "Audit records that were left out of the view, by what of them cannot be read.",
    labels: { reason: UNREADABLE_REASONS },
  });
  return {
    folded: ({ added, verdicts, doubles }) => {
      const phase = view.hasCaughtUp() ? "live" : "catching-up";
      for (const verdict of VERDICTS) arrivals.inc({ verdict, phase }, verdicts[verdict]);
      folded.inc({ kind: "added" }, added.length);
      folded.inc({ kind: "double" }, doubles);
    },
    unreadable: (reason) => unreadable.inc({ reason }),
    failed,
  };
}

function addViewGauges(metrics: Metrics, view: ViewFigures): void {
  metrics.gauge({
    name: "lastknown_view_lag_records",
    help: "Audit records not yet in the view; NaN while that cannot be known.",
    collect: (gauge) => gauge.set(view.lagRecords() ?? Number.NaN),
  });
  metrics.gauge({
    name: "lastknown_view_lag_seconds",
    help: "How long the oldest record that the view lacks has waited, the worst partition's; NaN while unknown.",
    // prom-client waits for what collect returns.
    collect: (gauge) => view.lagSeconds().then((lag) => gauge.set(lag === "unknown" ? Number.NaN : lag)),
  });
  metrics.gauge({
    name: "lastknown_waiting_on_server",
    help: "1 while this server does not answer, and answers come from what the other one gave.",
    labels: { server: QUERY_SERVERS },
    collect: async (gauge) => {
      const checks = view.servers();
      for (const server of QUERY_SERVERS) {
        gauge.set({ server }, (await checks[server]()) === undefined ? 0 : 1);
      }
    },
  });
  metrics.gauge({
    name: "lastknown_view_state",
    help: "1 for the state in which the view's folding is, 0 for the others.",
    labels: { state: KEEPER_STATES },
    collect: (gauge) => {
      for (const state of KEEPER_STATES) gauge.set({ state }, state === view.state() ? 1 : 0);
    },
  });
}
