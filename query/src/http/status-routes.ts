import type { ServerResponse } from "node:http";
import { Problem } from "../answers/problem.js";
import type { StatusBoard } from "../status/status-board.js";
import { StatusSchema } from "../status/status-snapshot.js";
import { passingResponses } from "./responses.js";
import type { RouteServer } from "./route-server.js";
import { NoQuery } from "./schemas.js";
import { StatusStreams, type StatusStreamsOptions } from "./status-stream.js";

/** How long a listener may take for the end of its stream, and what it was sent before. */
const CLOSE_MS_MAX = 1000;

/** `/status`, and `/status/stream` for whoever wants to be told as it changes. */
export function addStatusRoutes(
  server: RouteServer,
  board: StatusBoard,
  bounds: Omit<StatusStreamsOptions, "board"> = {},
): void {
  const schema = {
    summary: "How the fleet stands: rates, lag, members, freshness, verdicts, dead letters",
    querystring: NoQuery,
    response: passingResponses(StatusSchema, "How the fleet stands is not known now"),
  };
  server.get("/status", { schema }, async (_request, reply) => {
    reply.header("cache-control", "no-store");
    const snapshot = await board.snapshot();
    if (snapshot === undefined)
      throw new Problem("status-not-known", "it cannot be put together; the service's log tells why");
    return snapshot;
  });

  const streams = new StatusStreams({ board, ...bounds });
  const open = new Set<ServerResponse>();
  // Before the server waits for open answers, of which a stream would never end.
  server.addHook("preClose", async () => {
    streams.close();
    // A socket that is not read from keeps the last of what it was sent, and its answer open.
    const cutOff = (): void => open.forEach((response) => response.destroy());
    setTimeout(cutOff, CLOSE_MS_MAX).unref();
  });
  server.get("/status/stream", { schema: { hide: true, querystring: NoQuery } }, async (request, reply) => {
    const stream = request.method === "HEAD" ? "" : streams.listen();
    const response = reply.raw;
    open.add(response);
    response.once("close", () => open.delete(response));
    if (stream !== "")
      stream.once("end", () => void setTimeout(() => response.destroy(), CLOSE_MS_MAX).unref());
    // Its connection ends with it, and holds nothing up when the service stops.
    reply.headers({ "cache-control": "no-store", "x-accel-buffering": "no", connection: "close" });
    reply.type("text/event-stream; charset=utf-8");
    return await reply.send(stream);
  });
}
