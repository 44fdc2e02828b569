import type { ClusterOptions } from "ioredis";
import { tlsOptions, type RedisSettings } from "../settings/index.js";

/** How each single node is spoken to. */
export function nodeOptions(settings: RedisSettings) {
  return {
    connectTimeout: settings.connectTimeoutMs,
    socketTimeout: settings.socketTimeoutMs,
    // Pinned: by default 6.0 speaks RESP3, which gives other shapes.
    protocol: 2,
    connectionName: "lastknown",
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password.reveal() }),
    ...(settings.tls === undefined ? {} : { tls: tlsOptions(settings.tls) }),
  } satisfies ClusterOptions["redisOptions"];
}

/** A refused login carries its command, password included; taken off, no print of the error can show it. */
export function withoutCommand(error: Error): Error {
  if ("command" in error) delete error.command;
  return error;
}
