import type { Socket } from "node:net";
import { createRequire } from "node:module";

/** The only version whose inside is known. Another one must be read again before this number changes. */
export const KAFKAJS_VERSION = "2.2.4";

/** What of one partition kafkajs keeps from the metadata. */
export interface PartitionMetadata {
  readonly partitionId: number;
  /** Node id of the broker that leads it. */
  readonly leader: number;
}

/** A request and how to read its answer, as kafkajs's connections take them. */
export interface ProtocolCall<Answer> {
  readonly request: unknown;
  readonly response: {
    decode(payload: Buffer): Promise<{ clientSideThrottleTime: number; payload: Buffer }>;
    parse(decoded: { payload: Buffer }): Promise<Answer>;
  };
  readonly requestTimeout: number;
}

export interface InternalConnection {
  send<Answer>(call: ProtocolCall<Answer>): Promise<Answer>;
}

export interface ListedOffset {
  readonly partition: number;
  readonly offset: string;
}

export interface InternalBroker {
  /** Two connections: 0 for quick requests, 1 for fetches, which may wait. */
  readonly connectionPool: { getConnection(index: 0 | 1): Promise<InternalConnection> };
  listOffsets(request: {
    isolationLevel: number;
    topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[];
  }): Promise<{ responses: { topic: string; partitions: ListedOffset[] }[] }>;
}

export interface InternalCluster {
  readonly brokerPool: {
    refreshMetadata(topics: string[]): Promise<void>;
    findBroker(options: { nodeId: number }): Promise<InternalBroker>;
  };
  connect(): Promise<void>;
  findTopicPartitionMetadata(topic: string): PartitionMetadata[];
}

export interface FetchRequestOptions {
  readonly replicaId: number;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolationLevel: number;
  readonly topics: {
    topic: string;
    partitions: { partition: number; fetchOffset: number; maxBytes: number }[];
  }[];
}

interface InternalRequestQueue {
  readonly pending: readonly unknown[];
  /** A property, so that it can be replaced and called on any queue. */
  scheduleCheckPendingRequests: (this: InternalRequestQueue) => void;
}

/** What of a broker tells whether it can be called. */
export interface ConnectableBroker {
  /** Picks the version of a request; throws until the broker has said which it has. */
  readonly lookupRequest: (this: void) => unknown;
  readonly connectionPool: {
    readonly connectionTimeout: number;
    readonly pool: readonly ClosableConnection[];
  };
  /** Properties, so that they can be replaced and called on any broker. */
  isConnected: (this: ConnectableBroker) => boolean;
  connect: (this: ConnectableBroker) => Promise<void>;
}

/** What of a connection can be given up. */
export interface ClosableConnection {
  /** Undefined before the first time that it is opened. */
  readonly socket: Socket | undefined;
  /** What has come of the answer that is being read. */
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  rejectRequests(error: Error): void;
  disconnect(): Promise<boolean>;
  /** A property, so that it can be replaced and called on any connection. */
  send: (this: ClosableConnection, call: ProtocolCall<unknown>) => Promise<unknown>;
}

/** What of a consumer's membership tells the coordinator that it is alive, or asks it to be let in. */
export interface JoiningGroup {
  readonly groupId: string;
  readonly memberId: string | null;
  readonly instrumentationEmitter: { emit(event: string, payload: object): void };
  readonly cluster: { refreshMetadata(): Promise<void> };
  /** Properties, so that they can be replaced and called on any group. */
  joinAndSync: (this: JoiningGroup) => Promise<void>;
  heartbeat: (this: JoiningGroup, options: { interval: number }) => Promise<void>;
}

/** Which group's coordinator is looked for. */
interface CoordinatorRequest {
  readonly groupId: string;
  readonly coordinatorType: number;
}

/** What of a cluster finds out which broker coordinates a group. */
export interface CoordinatorFinder {
  readonly brokerPool: {
    findConnectedBroker(): Promise<{ findGroupCoordinator(request: CoordinatorRequest): Promise<object> }>;
  };
  /** A property, so that it can be replaced and called on any cluster. */
  findGroupCoordinatorMetadata: (this: CoordinatorFinder, request: CoordinatorRequest) => Promise<object>;
}

export interface KafkajsInternals {
  readonly Cluster: {
    new (options: ClusterOptions): InternalCluster;
    readonly prototype: InternalCluster & CoordinatorFinder;
  };
  readonly createLogger: (options: { level: number; logCreator: unknown }) => unknown;
  readonly fetchRequest: (options: FetchRequestOptions) => unknown;
  readonly RequestQueue: { readonly prototype: InternalRequestQueue };
  readonly Broker: { readonly prototype: ConnectableBroker };
  readonly Connection: { readonly prototype: ClosableConnection };
  /** Notes in `lastRequest` when it sent a heartbeat. */
  readonly ConsumerGroup: { readonly prototype: JoiningGroup };
  /** Notes in `sentAt` when it was sent. */
  readonly SocketRequest: { readonly prototype: object };
}

export interface ClusterOptions {
  readonly logger: unknown;
  readonly socketFactory: (options: never) => Socket;
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: unknown;
  readonly sasl: unknown;
  readonly connectionTimeout: number;
  readonly authenticationTimeout: number;
  readonly reauthenticationThreshold: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly metadataMaxAge: number;
  readonly retry: { readonly retries: number };
  readonly allowAutoTopicCreation: boolean;
  readonly maxInFlightRequests: number | null;
  readonly isolationLevel: number;
}

/** Parts of kafkajs that its index does not export. Throws if another version than the known one is installed. */
export function loadKafkajsInternals(): KafkajsInternals {
  const require = createRequire(import.meta.url);
  const { version } = require("kafkajs/package.json") as { version: string };
  if (version !== KAFKAJS_VERSION) {
    throw new Error(
      `kafkajs is ${version}, but its inside is known only of ${KAFKAJS_VERSION}: read it again`,
    );
  }
  const { createLogger } = require("kafkajs/src/loggers/index.js") as Pick<KafkajsInternals, "createLogger">;
  return {
    Cluster: require("kafkajs/src/cluster/index.js") as KafkajsInternals["Cluster"],
    createLogger,
    fetchRequest: require("kafkajs/src/protocol/requests/fetch/v11/request.js") as (
      options: FetchRequestOptions,
    ) => unknown,
    RequestQueue: require("kafkajs/src/network/requestQueue/index.js") as KafkajsInternals["RequestQueue"],
    Broker: require("kafkajs/src/broker/index.js") as KafkajsInternals["Broker"],
    Connection: require("kafkajs/src/network/connection.js") as KafkajsInternals["Connection"],
    ConsumerGroup: require("kafkajs/src/consumer/consumerGroup.js") as KafkajsInternals["ConsumerGroup"],
    SocketRequest:
      require("kafkajs/src/network/requestQueue/socketRequest.js") as KafkajsInternals["SocketRequest"],
  };
}
