import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type AnswerDrop, type Delay, FaultsInForce, type Reach, type Traffic } from "./faults-in-force.js";
import { ProxiedConnection } from "./proxied-connection.js";
import { noCounts, type ProxyCounts } from "./proxy-counts.js";

const HOST = "127.0.0.1";

export interface FaultProxyOptions {
  /** Where the server listens, on this machine. */
  readonly targetPort: number;
  /** Where the proxy listens; any free port by default. */
  readonly port?: number;
  /** Decides the jitter. */
  readonly seed?: number;
  /** `kafka` tells answers apart by their requests; `plain`, the default, does for Redis and HTTP. */
  readonly protocol?: "kafka" | "plain";
}

/**
 * A network before one server that can be told to misbehave. Faults add up until `heal`; each says in `counts`
 * that it has fired.
 *
 * @example
 * const proxy = await FaultProxy.before({ targetPort: 9092, protocol: "kafka", seed: 7 });
 * proxy.dropAnswers({ kafkaApiKey: KAFKA_PRODUCE, times: 1 });
 * // … until proxy.counts.swallowedAnswers === 1
 */
export class FaultProxy {
  readonly #options: FaultProxyOptions;
  readonly #faults: FaultsInForce;
  readonly #server: Server;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #counts = noCounts();

  private constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#faults = new FaultsInForce(options.seed ?? 0);
    // A client may end its half and still wait for the answer.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  static async before(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.#server.listen({ port: options.port ?? 0, host: HOST });
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get counts(): Readonly<ProxyCounts> {
    return { ...this.#counts };
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  /** Holds back every piece from now on. */
  delay(delay: Delay): void {
    this.#faults.delay(delay);
  }

  /** Swallows bytes while the connections stay open, as a network that drops packets. */
  cut(reach: Reach = {}): void {
    this.#faults.cut(reach);
  }

  /** Lets requests take effect, swallows their answers and resets their connections then. */
  dropAnswers(drop: AnswerDrop = {}): void {
    this.#faults.dropAnswers(drop);
  }

  passAnswers(): void {
    this.#faults.passAnswers();
  }

  /** Resets every new connection at once. */
  refuse(): void {
    this.#faults.refusing = true;
  }

  /** Resets all that are open. @returns how many */
  resetAll({ traffic }: { readonly traffic?: Traffic } = {}): number {
    const hit = [...this.#connections].filter((one) => one.traffic === (traffic ?? one.traffic));
    for (const connection of hit) connection.reset();
    return hit.length;
  }

  /** Ends all faults. Connections that lost bytes by a cut are reset, as they cannot be read any further. */
  heal(): void {
    this.#faults.clear();
    for (const connection of this.#connections) if (connection.hasLostBytes) connection.reset();
  }

  /** Ends all connections and listens no more. */
  async close(): Promise<void> {
    const closed = once(this.#server.close(), "close");
    for (const connection of this.#connections) connection.reset();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#faults.refusing) {
      this.#counts.refused++;
      client.on("error", () => client.destroy());
      client.resetAndDestroy();
      return;
    }
    const server = connect({
      port: this.#options.targetPort,
      host: HOST,
      allowHalfOpen: true,
      noDelay: true,
    });
    const connection = new ProxiedConnection({
      client,
      server,
      protocol: this.#options.protocol ?? "plain",
      faults: this.#faults,
      counts: this.#counts,
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}
