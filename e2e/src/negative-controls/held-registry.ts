import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/**
 * Stands before the registry and passes everything on, but never answers which schema of an event an id names. A
 * worker asks that at the beginning of its first batch, so it stays there: what it has to do is known, none of it is
 * done. What it asks before, to see whether the registry is there, is the audit's own schema.
 */
export class HeldRegistry {
  readonly #server: Server;
  readonly #registryUrl: URL;
  #tellHeld: () => void = () => undefined;
  /** Resolves when somebody waits for the schema of an event. */
  readonly held: Promise<void>;

  private constructor(registryUrl: string) {
    this.#registryUrl = new URL(registryUrl);
    this.held = new Promise((resolve) => {
      this.#tellHeld = resolve;
    });
    this.#server = createServer((incoming, outgoing) => this.#answer(incoming, outgoing));
  }

  /** @param registryUrl as LASTKNOWN_REGISTRY_URL has it */
  static async before(registryUrl: string): Promise<HeldRegistry> {
    const registry = new HeldRegistry(registryUrl);
    registry.#server.listen(0, "127.0.0.1");
    await once(registry.#server, "listening");
    return registry;
  }

  /** What to give to a worker as LASTKNOWN_REGISTRY_URL. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.#registryUrl.pathname}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #answer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const isById = /\/schemas\/ids\/\d+$/.test(incoming.url ?? "");
    const { hostname, port, host } = this.#registryUrl;
    const { method, url, headers } = incoming;
    const passedOn = request({ hostname, port, method, path: url, headers: { ...headers, host } });
    incoming.pipe(passedOn);
    passedOn.on("error", () => outgoing.destroy());
    passedOn.on("response", (answer) => {
      void buffer(answer).then((body) => {
        if (isById && !body.includes("AuditEntry")) return this.#tellHeld();
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(body);
      });
    });
  }
}
