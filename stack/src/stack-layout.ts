import { randomBytes } from "node:crypto";
import type { ListedServers } from "./state-file.js";

export interface BrokerPlace {
  readonly name: string;
  readonly nodeId: number;
  readonly port: number;
  readonly controllerPort: number;
  /** For the brokers themselves, where they are secured. */
  readonly internalPort?: number;
  /** 16 random bytes in base64url, as Kafka's quorum names the folder of each voter. */
  readonly directoryId: string;
}

export interface RegistryPlace {
  readonly name: string;
  readonly port: number;
}

export interface RedisPlace {
  readonly name: string;
  readonly port: number;
  readonly clusterPort: number;
  /** The master whose copy this node is at first; null for a master. */
  readonly replicaOf: string | null;
}

/** A port that a server names to its clients instead of its own: somebody else listens there and passes on. */
export interface ProxyPlace {
  /** Of the server. */
  readonly server: string;
  /** Where the server's clients are sent to. */
  readonly port: number;
  /** Where the server takes what is passed on. */
  readonly targetPort: number;
}

/** Where each server of one stack lives. Decided once; a stack that is started again keeps it. */
export interface StackLayout {
  readonly clusterId: string;
  readonly brokers: readonly BrokerPlace[];
  readonly registry: RegistryPlace;
  readonly redis: readonly RedisPlace[];
  /** One before each server, or none. */
  readonly proxies?: readonly ProxyPlace[];
  /** Where the servers take TLS and logins only. */
  readonly security?: StackSecurity;
}

export interface StackSecurity {
  /** For whose topics, group and keys the users have rights. */
  readonly fleet: string;
}

/** What the state file holds. */
export interface StackState extends ListedServers {
  readonly version: 1;
  readonly layout: StackLayout;
  readonly kafkaHeapMb: number;
  readonly quickJit: boolean;
  readonly redisNodeTimeoutMs: number;
  /** Whether brokers that are secured log each right that is used, and by which rule. */
  readonly traceRights?: boolean;
  /** Whether the servers' folders have been set up: only then can they be started again as they are. */
  readonly formatted: boolean;
}

export const HOST = "127.0.0.1";

export interface StackForm {
  readonly brokers: 1 | 3;
  /** 3: masters only. 6: three masters, each with one replica. */
  readonly redisNodes: 3 | 6;
  /** Whether clients reach each server by a port before it. */
  readonly proxied?: boolean;
  readonly security?: StackSecurity | undefined;
}

export function portsNeeded(form: StackForm): number {
  const ofBroker = form.security === undefined ? 2 : 3;
  const own = form.brokers * ofBroker + 1 + form.redisNodes * 2;
  return form.proxied === true ? own + form.brokers * 2 + 1 + form.redisNodes : own;
}

/** Undefined where clients reach the server itself. */
export function proxyBefore(layout: StackLayout, server: string): ProxyPlace | undefined {
  return layout.proxies?.find((proxy) => proxy.server === server);
}

/** Gives each server its name and its ports. */
export function layOut(form: StackForm, ports: readonly number[]): StackLayout {
  const remaining = [...ports];
  const take = (): number => {
    const port = remaining.shift();
    if (port === undefined) throw new Error(`${portsNeeded(form)} ports needed, ${ports.length} given`);
    return port;
  };
  const brokers = numbers(form.brokers).map((nodeId) => ({
    name: `kafka-${nodeId}`,
    nodeId,
    port: take(),
    controllerPort: take(),
    ...(form.security === undefined ? {} : { internalPort: take() }),
    directoryId: randomId(),
  }));
  const redis = numbers(form.redisNodes).map((number) => ({
    name: `redis-${number}`,
    port: take(),
    clusterPort: take(),
    replicaOf: number > MASTERS ? `redis-${number - MASTERS}` : null,
  }));
  const layout = {
    clusterId: randomId(),
    brokers,
    registry: { name: "registry", port: take() },
    redis,
    ...(form.security === undefined ? {} : { security: form.security }),
  };
  if (form.proxied !== true) return layout;
  const proxies = [
    // A broker tells those who come by a listener that listener's addresses: its own stays for the brokers.
    ...brokers.map(({ name }) => ({ server: name, port: take(), targetPort: take() })),
    ...[layout.registry, ...redis].map(({ name, port }) => ({
      server: name,
      port: take(),
      targetPort: port,
    })),
  ];
  return { ...layout, proxies };
}

const MASTERS = 3;

/** Kafka refuses ids that begin with a dash. */
function randomId(): string {
  for (;;) {
    const id = randomBytes(16).toString("base64url");
    if (!id.startsWith("-")) return id;
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
