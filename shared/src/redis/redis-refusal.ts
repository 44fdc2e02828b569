import { exitCodes, FatalError } from "../errors/index.js";
import { isCertificateFault, printAddress, type RedisSettings } from "../settings/index.js";
import { userOf } from "./node-options.js";

/** What to tell where a node is there and refuses us: whom, why, and which setting or right to mend. */
export function redisRefusal(settings: RedisSettings, reason: Error): FatalError {
  const nodes = settings.nodes.map(printAddress).join(",");
  return new FatalError(`the Redis Cluster at ${nodes} refuses us (${reason.message})`, {
    fix: fixFor(reason, userOf(settings)),
    exitCode: exitCodes.unreachable,
    cause: reason,
  });
}

function fixFor(reason: Error, user: string): string {
  if (isCertificateFault(reason)) return "check LASTKNOWN_REDIS_TLS_CA and the certificate of each node";
  switch (reason.message.split(" ", 1)[0]) {
    case "WRONGPASS":
    case "NOAUTH":
      return `user ${user}: check LASTKNOWN_REDIS_USERNAME and LASTKNOWN_REDIS_PASSWORD`;
    case "NOPERM":
      return `give user ${user} that right; docs/security.md lists what each needs`;
    default:
      return "set LASTKNOWN_REDIS_NODES, the login and TLS to a cluster's";
  }
}
