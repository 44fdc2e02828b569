import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { exitCodes, FatalError } from "../errors/index.js";
import type { Logger } from "../logging/index.js";
import { answerOperations, type Operations } from "./answer-operations.js";

export interface OperationsServerOptions extends Operations {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly logger: Logger;
}

export interface OperationsServer {
  /** The port on which it listens. */
  readonly port: number;
  close(): Promise<void>;
}

/** A probe or a scrape that sends its request slower is cut off. */
const REQUEST_TIMEOUT_MS = 5000;
const CONNECTIONS_MAX = 100;

/**
 * Listens for probes and scrapes. Throws a FatalError if the port cannot be had.
 *
 * @example
 *   const operations = await startOperationsServer({
 *     ...settings.operations, metrics, logger,
 *     live: { loop: () => (loop.isStalled() ? "no record moved for 60 s" : undefined) },
 *     ready: { redis: async () => await redisProblem() },
 *   });
 */
export async function startOperationsServer(options: OperationsServerOptions): Promise<OperationsServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void respond(options, request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, options);
  server.on("error", (error) => options.logger.error("operations server failed", { error }));

  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  options.logger.info("operations server listens", { host: options.host, port });
  return { port, close: () => close(server) };
}

async function respond(
  options: OperationsServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { status, contentType, body } = await answerOperations(options, request.method, request.url);
    response.writeHead(status, { "content-type": contentType, "cache-control": "no-store" });
    response.end(request.method === "HEAD" ? undefined : body);
  } catch (error) {
    options.logger.error("operations request failed", { error, url: request.url });
    response.writeHead(500).end();
  }
}

function listen(server: Server, { host, port }: OperationsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new FatalError(`the operations server cannot listen on ${host}:${port} (${cause.message})`, {
          fix: "name a free port with --operations-port, or 0 for any (a service takes it from LASTKNOWN_OPERATIONS_PORT too)",
          exitCode: exitCodes.usage,
          cause,
        }),
      );
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

/** A probe that is under way is cut off: the process ends. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
