import type { Metrics } from "../metrics/index.js";
import { SERVER_ERROR_KINDS, type ServerErrorKind } from "./server-error-kind.js";

/** Counts the calls to servers that failed, for a process's metrics. */
export class ServerErrors<Server extends string> {
  readonly #counter: ReturnType<typeof counterFor<Server>>;

  constructor(metrics: Metrics, servers: readonly Server[]) {
    this.#counter = counterFor(metrics, servers);
  }

  /** @param kind undefined counts nothing: the error tells nothing about the server */
  count(server: Server, kind: ServerErrorKind | undefined): void {
    if (kind !== undefined) this.#counter.inc({ server, kind });
  }
}

function counterFor<Server extends string>(metrics: Metrics, servers: readonly Server[]) {
  return metrics.counter<"server" | "kind">({
    name: "lastknown_server_errors_total",
    help: "Calls to a server that failed, each after its client's own tries: it was away, refused us, or lacks what it had.",
    labels: { server: servers, kind: SERVER_ERROR_KINDS },
  });
}
