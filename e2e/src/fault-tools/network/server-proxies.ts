import type { ProxyPlace } from "@lastknown/stack";
import { FaultProxy } from "./fault-proxy.js";

/** Kafka's numbers of requests, for `dropAnswers`. */
export const KAFKA_PRODUCE = 0;
export const KAFKA_FETCH = 1;
export const KAFKA_OFFSET_COMMIT = 8;

/**
 * A proxy before each server of a stack. The stack's own tools and the brokers among themselves go past them;
 * clients go through them, and so do Redis's replicas to their masters.
 *
 * @example
 * const proxies = new ServerProxies({ seed });
 * const stack = await startStack({ …, brokers: 3, redisNodes: 6, startProxies: proxies.start });
 * proxies.before("kafka-2").delay({ latencyMs: 50, jitterMs: 20 }); // product: stack.proxiedEnvironment
 */
export class ServerProxies {
  readonly #seed: number;
  #proxies = new Map<string, FaultProxy>();

  constructor({ seed }: { readonly seed: number }) {
    this.#seed = seed;
  }

  /** For `startStack`. Called again, those before are closed. */
  readonly start = async (places: readonly ProxyPlace[]): Promise<void> => {
    await this.close();
    for (const [index, { server, port, targetPort }] of places.entries()) {
      const protocol = server.startsWith("kafka-") ? "kafka" : "plain";
      const seed = this.#seed + index;
      this.#proxies.set(server, await FaultProxy.before({ targetPort, port, protocol, seed }));
    }
  };

  before(server: string): FaultProxy {
    const proxy = this.#proxies.get(server);
    if (proxy === undefined) throw new Error(`there is no proxy before ${server}`);
    return proxy;
  }

  /** Those before all servers of a kind, e.g. `redis-`; all by default. */
  all(prefix = ""): FaultProxy[] {
    return [...this.#proxies].filter(([server]) => server.startsWith(prefix)).map(([, proxy]) => proxy);
  }

  /** Ends all faults. */
  heal(): void {
    for (const proxy of this.all()) proxy.heal();
  }

  async close(): Promise<void> {
    const proxies = this.all();
    this.#proxies = new Map();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }
}
