import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import kafkajs, { type ISocketFactoryArgs } from "kafkajs";
import type { Logger } from "../logging/index.js";
import type { KafkaSettings } from "../settings/kafka-settings.js";
import { retryBounded, type Attempt } from "./bounded-retry.js";
import { openSocket, saslOptions, sslOptions } from "./create-kafka.js";
import { UnknownTopicError } from "./errors.js";
import { ConnectionsDroppedError, type KafkaFault } from "./kafka-fault.js";
import { loadKafkajsInternals, type InternalBroker, type InternalCluster } from "./kafkajs-internals.js";
import { kafkajsLogCreator } from "./kafkajs-logger.js";
import { repairKafkajs } from "./kafkajs-repairs.js";

export interface BrokerConnectionsOptions {
  readonly settings: KafkaSettings;
  readonly logger: Logger;
  /** How long a call goes on trying, beside the time that it lets the broker wait. */
  readonly callDeadlineMs?: number;
  /** Given by tests that cut or freeze connections. */
  readonly openSocket?: (options: ISocketFactoryArgs) => Socket;
}

const CALL_DEADLINE_MS = 30_000;
const METADATA_AGE_MS_MAX = 300_000;
const REAUTHENTICATION_THRESHOLD_MS = 10_000;
const READ_COMMITTED = 1;

/**
 * kafkajs's connections to the brokers, without its consumers: finds the leaders of partitions and calls them
 * with bounded retries. After any fault of a connection it drops all of them and begins anew at another of the
 * named brokers; so no half-dead connection, login or lock of kafkajs outlives the fault.
 *
 * It opens nothing before its first call, and nothing is open after close.
 */
export class BrokerConnections {
  readonly internals = loadKafkajsInternals();
  readonly #settings: KafkaSettings;
  readonly #logger: Logger;
  readonly #callDeadlineMs: number;
  readonly #open: (options: ISocketFactoryArgs) => Socket;
  readonly #closing = new AbortController();
  /** Every socket that is open, whichever cluster object it belongs to. */
  readonly #sockets = new Set<Socket>();
  /** Topic → partition → node id of the leader; a topic is dropped when that proves wrong. */
  readonly #leaders = new Map<string, Map<number, number>>();
  #cluster: InternalCluster | undefined;
  /** How often all connections were dropped. */
  #dropped = 0;
  /** kafkajs holds one topic's metadata at a time for us, so topics are looked up one after the other. */
  #lookup: Promise<unknown> = Promise.resolve();

  constructor(options: BrokerConnectionsOptions) {
    this.#settings = options.settings;
    this.#logger = options.logger;
    this.#callDeadlineMs = options.callDeadlineMs ?? CALL_DEADLINE_MS;
    this.#open = options.openSocket ?? openSocket;
    repairKafkajs(this.internals);
    // Each call that pauses before another attempt listens, and stops with its pause: as many as are under way, which
    // the callers bound. Node takes more than ten for a leak.
    setMaxListeners(0, this.#closing.signal);
  }

  get requestTimeoutMs(): number {
    return this.#settings.requestTimeoutMs;
  }

  /** Runs `attempt` with bounded retries; `waitMs` is what it may rightly spend waiting for records. */
  call<Answer>(
    topic: string,
    doing: string,
    waitMs: number,
    attempt: (attempt: Attempt) => Promise<Answer>,
  ): Promise<Answer> {
    const { connectTimeoutMs, requestTimeoutMs, brokers } = this.#settings;
    let begunWith = this.#dropped;
    return retryBounded({
      topic,
      doing,
      brokers,
      attempt: (running) => {
        begunWith = this.#dropped;
        return attempt(running);
      },
      closing: this.#closing.signal,
      limits: {
        attemptTimeoutMs: connectTimeoutMs + requestTimeoutMs + waitMs,
        deadlineMs: this.#callDeadlineMs + waitMs,
      },
      recover: (fault) => this.#recover(topic, fault, begunWith),
    });
  }

  /** Partition → node id of its leader. */
  async leadersOf(topic: string): Promise<ReadonlyMap<number, number>> {
    const known = this.#leaders.get(topic);
    if (known !== undefined) return known;
    const queuedWith = this.#dropped;
    const lookup = this.#lookup.then(() => {
      // Those that are queued on the connections of now would look at the same time.
      if (queuedWith !== this.#dropped) throw new ConnectionsDroppedError(topic);
      return this.#leaders.get(topic) ?? this.#lookUpLeaders(topic);
    });
    this.#lookup = lookup.catch((error: unknown) => {
      this.#logger.debug("kafka metadata not loaded", { topic, error });
    });
    return lookup;
  }

  /** The given partitions by the node that leads them. */
  async partitionsByLeader(topic: string, partitions: Iterable<number>): Promise<Map<number, number[]>> {
    const leaders = await this.leadersOf(topic);
    const byLeader = new Map<number, number[]>();
    for (const partition of partitions) {
      const leader = leaders.get(partition);
      if (leader === undefined) throw new UnknownTopicError(topic, partition);
      const together = byLeader.get(leader);
      if (together === undefined) byLeader.set(leader, [partition]);
      else together.push(partition);
    }
    return byLeader;
  }

  async broker(nodeId: number): Promise<InternalBroker> {
    const cluster = await this.#connectedCluster();
    return cluster.brokerPool.findBroker({ nodeId });
  }

  /** Ends the calls under way; resolves when no connection is open. */
  async close(): Promise<void> {
    this.#closing.abort();
    const sockets = [...this.#sockets].filter((socket) => !socket.closed);
    const allClosed = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    this.#dropConnections();
    await Promise.all(allClosed);
  }

  /** A fault of connections that were dropped since the attempt began says nothing of those that replaced them. */
  #recover(topic: string, fault: KafkaFault, begunWith: number): void {
    if (begunWith !== this.#dropped) return;
    this.#leaders.delete(topic);
    if (fault === "unreachable") this.#dropConnections();
  }

  #dropConnections(): void {
    this.#dropped++;
    this.#cluster = undefined;
    this.#leaders.clear();
    this.#lookup = Promise.resolve();
    // An error, not a plain end, makes kafkajs reject what waits on the socket.
    for (const socket of this.#sockets) socket.destroy(new Error("dropped by the client"));
    this.#sockets.clear();
  }

  async #lookUpLeaders(topic: string): Promise<Map<number, number>> {
    const cluster = await this.#connectedCluster();
    await cluster.brokerPool.refreshMetadata([topic]);
    const partitions = cluster.findTopicPartitionMetadata(topic);
    const leaders = new Map(partitions.map(({ partitionId, leader }) => [partitionId, leader]));
    if (cluster === this.#cluster) this.#leaders.set(topic, leaders);
    return leaders;
  }

  async #connectedCluster(): Promise<InternalCluster> {
    const cluster = (this.#cluster ??= this.#createCluster());
    await cluster.connect();
    return cluster;
  }

  #createCluster(): InternalCluster {
    const { settings, internals } = { settings: this.#settings, internals: this.internals };
    return new internals.Cluster({
      logger: internals.createLogger({
        level: kafkajs.logLevel.INFO,
        logCreator: kafkajsLogCreator(this.#logger, "as-debug"),
      }),
      socketFactory: (options: ISocketFactoryArgs) => this.#openSocket(options),
      // kafkajs begins with the first: another order each time, so that one hung broker cannot hold us up for ever.
      brokers: shuffled(settings.brokers),
      clientId: settings.clientId,
      ssl: sslOptions(settings.tls),
      sasl: saslOptions(settings.sasl) ?? null,
      connectionTimeout: settings.connectTimeoutMs,
      authenticationTimeout: settings.connectTimeoutMs,
      reauthenticationThreshold: REAUTHENTICATION_THRESHOLD_MS,
      requestTimeout: settings.requestTimeoutMs,
      enforceRequestTimeout: true,
      metadataMaxAge: METADATA_AGE_MS_MAX,
      retry: { retries: 0 },
      allowAutoTopicCreation: false,
      maxInFlightRequests: null,
      isolationLevel: READ_COMMITTED,
    });
  }

  #openSocket(options: ISocketFactoryArgs): Socket {
    const socket = this.#open(options);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    if (this.#closing.signal.aborted) socket.destroy(new Error("opened after the client was closed"));
    return socket;
  }
}

function shuffled<Element>(elements: readonly Element[]): Element[] {
  return elements
    .map((element) => ({ element, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ element }) => element);
}
