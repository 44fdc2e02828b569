import { addresses, wholeNumber, type HostPort } from "./parsing.js";
import { loginDefinition, loginSettings, type LoginSettings } from "./login.js";
import { setting, type Report, type SettingUser, type Values } from "./setting.js";

export interface RedisSettings extends LoginSettings {
  /** Some of the cluster's nodes; they name the others. */
  readonly nodes: readonly HostPort[];
  readonly connectTimeoutMs: number;
  /** A connection on which nothing came for so long while an answer was awaited is given up. */
  readonly socketTimeoutMs: number;
  /** How long the cluster may take to be ready at the start; a worker then goes on waiting. */
  readonly readyDeadlineMs: number;
}

const usedBy: readonly SettingUser[] = ["worker", "query", "tools"];

export const redisDefinition = {
  nodes: setting({
    name: "redis-nodes",
    parse: addresses,
    default: "127.0.0.1:7000",
    doc: "one or more nodes of the Redis Cluster, host:port separated by commas",
    usedBy,
  }),
  ...loginDefinition("redis", usedBy, "the Redis user (ACL); without it, the default one"),
  connectTimeoutMs: setting({
    name: "redis-connect-timeout-ms",
    parse: wholeNumber({ min: 100, max: 60_000 }),
    default: "2000",
    doc: "how long a connection may take to open, in ms",
    usedBy,
  }),
  socketTimeoutMs: setting({
    name: "redis-socket-timeout-ms",
    parse: wholeNumber({ min: 100, max: 60_000 }),
    default: "1000",
    doc: "how long a node may stay silent while we wait for its answer, in ms",
    usedBy,
  }),
  readyDeadlineMs: setting({
    name: "redis-ready-deadline-ms",
    parse: wholeNumber({ min: 100, max: 600_000 }),
    default: "15000",
    doc: "how long the cluster may take to be ready at the start, in ms; a worker goes on waiting",
    usedBy,
  }),
};

export function redisSettings(values: Values<typeof redisDefinition>, report: Report): RedisSettings {
  const { nodes, connectTimeoutMs, socketTimeoutMs, readyDeadlineMs } = values;
  const login = loginSettings("redis", values, { report, alone: true });
  return { nodes, ...login, connectTimeoutMs, socketTimeoutMs, readyDeadlineMs };
}
