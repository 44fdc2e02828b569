import swagger from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { USER_ID_BYTES_MAX, type Logger } from "@lastknown/shared";
import fastify, { type FastifyRequest } from "fastify";
import { UNKNOWN_PROVENANCE, type DataSource } from "../answers/answer.js";
import type { Answers } from "../answers/answers.js";
import { Problem } from "../answers/problem.js";
import type { StatusBoard } from "../status/status-board.js";
import { addDocsRoutes } from "./docs-routes.js";
import { addHealthRoute, type Health } from "./health-route.js";
import { KnownPaths, METHODS_ALLOWED } from "./known-paths.js";
import { openApiOptions } from "./open-api.js";
import { answerParserError } from "./parser-errors.js";
import { provenanceHeaders, SOURCE_HEADER } from "./provenance-headers.js";
import { parseQueryString, unknownName } from "./query-string.js";
import { addPageRoutes } from "./page-routes.js";
import type { RouteServer } from "./route-server.js";
import { sendProblem, shortened } from "./send-problem.js";
import { urlProblem } from "./url-problem.js";
import { addStatusRoutes } from "./status-routes.js";
import type { StatusStreamsOptions } from "./status-stream.js";
import { addUserRoutes } from "./user-routes.js";

/** Told about each answer. `route` is the pattern of a route, or undefined where none fits. */
export interface AnswerObserver {
  answered(answer: { route: string | undefined; status: number; source: DataSource; seconds: number }): void;
}

export interface HttpServerOptions {
  readonly answers: Answers;
  readonly health: () => Promise<Health>;
  readonly status: StatusBoard;
  readonly observer: AnswerObserver;
  readonly logger: Logger;
  /** How long a request may take to come, to within a second; 10 s unless given. */
  readonly requestTimeoutMs?: number;
  /** Bounds of `/status/stream` that are not the usual ones. */
  readonly streams?: Omit<StatusStreamsOptions, "board">;
}

/** What the router compares is half decoded: reserved characters still have three characters each. */
const PARAM_LENGTH_MAX = USER_ID_BYTES_MAX * 3;
const REQUEST_TIMEOUT_MS = 10_000;
/** How often requests are looked for that took too long to come. */
const TIMEOUT_CHECK_MS = 1000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const BODY_BYTES_MAX = 1024;

/**
 * The HTTP service without its socket: `listen` opens one, `inject` needs none. Every response carries
 * X-Data-Source and X-Data-Lag-Seconds, and every error is problem+json.
 */
export async function createHttpServer(options: HttpServerOptions): Promise<RouteServer> {
  const { logger } = options;
  const server = fastify({
    routerOptions: {
      maxParamLength: PARAM_LENGTH_MAX,
      querystringParser: (text) => parseQueryString(text) as Record<string, unknown>,
    },
    frameworkErrors: (error, request, reply) => {
      sendProblem(logger, urlProblem(error, request.url), request, reply);
    },
    clientErrorHandler: answerParserError,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    http: { connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: "idle",
  }).withTypeProvider<TypeBoxTypeProvider>();

  // Parameters are texts that parameters.ts parses with better words than a validator's, and attributes may have
  // any name, which generated serializers do not stand: the schemas are types and documentation.
  server.setValidatorCompiler(() => (value) => ({ value }));
  server.setSerializerCompiler(() => (body) => JSON.stringify(body));
  server.setErrorHandler((error, request, reply) => sendProblem(logger, error, request, reply));
  addHooks(server, options.observer, new KnownPaths(server));

  await server.register(swagger, openApiOptions);
  addUserRoutes(server, options.answers);
  addHealthRoute(server, options.health);
  addStatusRoutes(server, options.status, options.streams);
  addDocsRoutes(server);
  await addPageRoutes(server);
  await server.ready();
  return server;
}

/** With callbacks: a promise for each hook of each answer costs more than the hooks do. */
function addHooks(server: RouteServer, observer: AnswerObserver, paths: KnownPaths): void {
  // Before a body is looked at, which no path here takes.
  server.addHook("onRequest", (request, _reply, done) => {
    done(request.is404 ? nothingThere(request, paths) : undefined);
  });
  server.addHook("preValidation", (request, _reply, done) => done(queryProblem(request)));
  server.addHook("onSend", (_request, reply, payload, done) => {
    if (!reply.hasHeader(SOURCE_HEADER)) reply.headers(provenanceHeaders(UNKNOWN_PROVENANCE));
    done(null, payload);
  });
  server.addHook("onResponse", (request, reply, done) => {
    const source = String(reply.getHeader(SOURCE_HEADER)) as DataSource;
    const seconds = reply.elapsedTime / 1000;
    observer.answered({ route: request.routeOptions.url, status: reply.statusCode, source, seconds });
    done();
  });
}

function nothingThere({ method, url }: Pick<FastifyRequest, "method" | "url">, paths: KnownPaths): Problem {
  const asked = `${method} ${shortened(url)}`;
  return paths.has(url)
    ? new Problem("method-not-allowed", `${asked}: ask with ${METHODS_ALLOWED}`)
    : new Problem("unknown-route", `there is nothing at ${asked}; see /docs`);
}

function queryProblem({
  query,
  routeOptions,
}: Pick<FastifyRequest, "query" | "routeOptions">): Problem | undefined {
  if (query instanceof Problem) return query;
  const field = unknownName(query, routeOptions.schema?.querystring);
  if (field === undefined) return undefined;
  return new Problem("invalid-parameter", `there is no parameter ${JSON.stringify(field)} here`, { field });
}
