import type { ClusterOptions } from "ioredis";
import { tlsOptions, type RedisSettings } from "../settings/index.js";

/** ioredis lets the process wait so long also for a connection that never came about. */
const DISCONNECT_TIMEOUT_MS = 250;

/** How each single node is spoken to. */
export function nodeOptions(settings: RedisSettings) {
  return {
    connectTimeout: settings.connectTimeoutMs,
    socketTimeout: settings.socketTimeoutMs,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    // Pinned: by default 6.0 speaks RESP3, which gives other shapes.
    protocol: 2,
    connectionName: "lastknown",
    // It would tell its version by CLIENT SETINFO, for which a user needs a right, and which Redis 7.0 does not know.
    disableClientInfo: true,
    // With its user's name: a password alone, where the default user has none, ioredis complains of on the console.
    ...(settings.password === undefined
      ? {}
      : { username: userOf(settings), password: settings.password.reveal() }),
    ...(settings.tls === undefined ? {} : { tls: tlsOptions(settings.tls) }),
  } satisfies ClusterOptions["redisOptions"];
}

/** A refused login carries its command, password included; taken off, no print of the error can show it. */
export function withoutCommand(error: Error): Error {
  if ("command" in error) delete error.command;
  return error;
}

/** Whom Redis takes us for. */
export function userOf({ username = "default" }: RedisSettings): string {
  return username;
}
