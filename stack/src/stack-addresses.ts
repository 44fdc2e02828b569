import { registryUrl } from "./servers/registry.js";
import { singleQuoted } from "./single-quoted.js";
import { ADMIN, type Login, rightsOf } from "./security/rights.js";
import { SecurityFolder } from "./security/security-folder.js";
import { HOST, proxyBefore, type StackLayout, type StackSecurity } from "./stack-layout.js";

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
    registryUrl: registryUrl(layout.registry, layout.security !== undefined),
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

/**
 * The environment that points every command of the product, and its tests, at the stack.
 * @param as by which addresses, and with which login where the servers take one: by default the administrator's
 */
export function environmentOf(
  directory: string,
  layout: StackLayout,
  { addresses = addressesOf(layout), login = ADMIN }: { addresses?: StackAddresses; login?: Login } = {},
): Record<string, string> {
  return {
    LASTKNOWN_KAFKA_BROKERS: addresses.kafkaBrokers.join(","),
    LASTKNOWN_REGISTRY_URL: addresses.registryUrl,
    LASTKNOWN_REDIS_NODES: addresses.redisNodes.join(","),
    LASTKNOWN_STACK_DIRECTORY: directory,
    ...(layout.security === undefined ? {} : securityOf(directory, layout.security, login)),
  };
}

/** What a secured stack has beside its addresses. Passwords are named by their files, so no list of variables shows one. */
function securityOf(directory: string, { fleet }: StackSecurity, login: Login): Record<string, string> {
  const folder = new SecurityFolder(directory);
  const rights = rightsOf(fleet).find(({ principal }) => principal === login);
  return {
    LASTKNOWN_FLEET: fleet,
    LASTKNOWN_KAFKA_TLS: "on",
    LASTKNOWN_KAFKA_TLS_CA_FILE: folder.authorityFile,
    LASTKNOWN_KAFKA_SASL_MECHANISM: "scram-sha-512",
    LASTKNOWN_KAFKA_SASL_USERNAME: login,
    LASTKNOWN_KAFKA_SASL_PASSWORD_FILE: folder.passwordFile("kafka", login),
    LASTKNOWN_REGISTRY_TLS: "on",
    LASTKNOWN_REGISTRY_TLS_CA_FILE: folder.authorityFile,
    LASTKNOWN_REDIS_TLS: "on",
    LASTKNOWN_REDIS_TLS_CA_FILE: folder.authorityFile,
    ...(rights?.registry === false ? {} : loginVariables("REGISTRY", folder.passwordFile("registry", login))),
    ...(rights !== undefined && rights.redis === undefined
      ? {}
      : loginVariables("REDIS", folder.passwordFile("redis", login))),
  };

  function loginVariables(server: string, passwordFile: string): Record<string, string> {
    return {
      [`LASTKNOWN_${server}_USERNAME`]: login,
      [`LASTKNOWN_${server}_PASSWORD_FILE`]: passwordFile,
    };
  }
}

/** All that a secured stack may name beside its addresses. */
export const SECURITY_VARIABLES = [
  "LASTKNOWN_KAFKA_TLS",
  "LASTKNOWN_KAFKA_TLS_CA_FILE",
  "LASTKNOWN_KAFKA_SASL_MECHANISM",
  "LASTKNOWN_KAFKA_SASL_USERNAME",
  "LASTKNOWN_KAFKA_SASL_PASSWORD_FILE",
  "LASTKNOWN_REGISTRY_TLS",
  "LASTKNOWN_REGISTRY_TLS_CA_FILE",
  "LASTKNOWN_REGISTRY_USERNAME",
  "LASTKNOWN_REGISTRY_PASSWORD_FILE",
  "LASTKNOWN_REDIS_TLS",
  "LASTKNOWN_REDIS_TLS_CA_FILE",
  "LASTKNOWN_REDIS_USERNAME",
  "LASTKNOWN_REDIS_PASSWORD_FILE",
] as const;

/** One `export NAME='value'` per line, for `eval` in a POSIX shell. */
export function exportLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${singleQuoted(value)}\n`)
    .join("");
}
