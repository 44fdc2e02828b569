import { registryUrl } from "./servers/registry.js";
import { singleQuoted } from "./single-quoted.js";
import { HOST, proxyBefore, type StackLayout } from "./stack-layout.js";

/** Where the servers of a stack listen, in the form of the product's settings. */
export interface StackAddresses {
  /** `host:port` of each broker. */
  readonly kafkaBrokers: readonly string[];
  readonly registryUrl: string;
  /** `host:port` of each Redis node. */
  readonly redisNodes: readonly string[];
}

export function addressesOf(layout: StackLayout): StackAddresses {
  return {
    kafkaBrokers: layout.brokers.map(({ port }) => `${HOST}:${port}`),
    registryUrl: registryUrl(layout.registry),
    redisNodes: layout.redis.map(({ port }) => `${HOST}:${port}`),
  };
}

/** The same by the ports before the servers. */
export function proxiedAddressesOf(layout: StackLayout): StackAddresses {
  const proxied = <Place extends { readonly name: string; readonly port: number }>(place: Place): Place => ({
    ...place,
    port: proxyBefore(layout, place.name)?.port ?? place.port,
  });
  return addressesOf({
    ...layout,
    brokers: layout.brokers.map(proxied),
    registry: proxied(layout.registry),
    redis: layout.redis.map(proxied),
  });
}

/** The environment that points every command of the product, and its tests, at the stack. */
export function environmentOf(
  directory: string,
  layout: StackLayout,
  addresses: StackAddresses = addressesOf(layout),
): Record<string, string> {
  return {
    LASTKNOWN_KAFKA_BROKERS: addresses.kafkaBrokers.join(","),
    LASTKNOWN_REGISTRY_URL: addresses.registryUrl,
    LASTKNOWN_REDIS_NODES: addresses.redisNodes.join(","),
    LASTKNOWN_STACK_DIRECTORY: directory,
  };
}

/** One `export NAME='value'` per line, for `eval` in a POSIX shell. */
export function exportLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${singleQuoted(value)}\n`)
    .join("");
}
