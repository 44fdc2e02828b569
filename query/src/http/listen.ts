import { exitCodes, FatalError } from "@lastknown/shared";
import type { RouteServer } from "./route-server.js";

/** Opens the socket. Throws FatalError. */
export async function listen(
  server: RouteServer,
  { host, port }: { host: string; port: number },
): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FatalError(`the query service cannot listen on ${host}:${port} (${reason})`, {
      fix: "set LASTKNOWN_QUERY_PORT to a free port, or to 0 for any",
      exitCode: exitCodes.usage,
      cause,
    });
  }
}
