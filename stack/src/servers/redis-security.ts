import { createHash } from "node:crypto";
import { join } from "node:path";
import { ADMIN, redisRules, rightsOf } from "../security/rights.js";
import { REPLICA_LOGIN, SecurityFolder } from "../security/security-folder.js";
import { writeSecret } from "../security/write-secret.js";
import type { RedisPlace, StackSecurity } from "../stack-layout.js";

/**
 * Writes how one node of a secured stack listens and whom it knows. Clients take TLS and log in; the nodes take TLS and
 * each other's certificates.
 * @returns the file that the node is started with: no password stands in its arguments
 */
export function writeRedisSecurity(directory: string, node: RedisPlace, { fleet }: StackSecurity): string {
  const folder = new SecurityFolder(directory);
  const configuration = join(folder.path, `${node.name}.conf`);
  const users = join(folder.path, `${node.name}.acl`);
  writeSecret(
    users,
    usersOf(folder, fleet)
      .map((user) => `user ${user.join(" ")}\n`)
      .join(""),
  );
  const settings = [
    ["port", "0"],
    ["tls-port", String(node.port)],
    ["tls-cluster", "yes"],
    ["tls-replication", "yes"],
    ["tls-auth-clients", "no"],
    ["tls-ca-cert-file", quoted(folder.authorityFile)],
    ["tls-cert-file", quoted(folder.certificateFile(node.name))],
    ["tls-key-file", quoted(folder.keyFile(node.name))],
    ["aclfile", quoted(users)],
    ["masteruser", REPLICA_LOGIN],
    ["masterauth", folder.password("redis", REPLICA_LOGIN)],
  ];
  writeSecret(configuration, settings.map((words) => `${words.join(" ")}\n`).join(""));
  return configuration;
}

/**
 * Name, password by its hash, rules. Nobody gets in as the default user, which is off. It keeps its rights all the
 * same: by them Redis 7.0 reads its own log at its start, and leaves out what they do not allow (hazard R11).
 */
function usersOf(folder: SecurityFolder, fleet: string): string[][] {
  const hashed = (login: Parameters<SecurityFolder["password"]>[1]): string =>
    `#${createHash("sha256").update(folder.password("redis", login)).digest("hex")}`;
  return [
    ["default", "off", "resetpass", "~*", "&*", "+@all"],
    [ADMIN, hashed(ADMIN), "on", "~*", "&*", "+@all"],
    [REPLICA_LOGIN, hashed(REPLICA_LOGIN), "on", "resetchannels", "-@all", "+psync", "+replconf", "+ping"],
    ...rightsOf(fleet).flatMap(({ principal, redis }) =>
      redis === undefined ? [] : [[principal, hashed(principal), ...redisRules(redis)]],
    ),
  ];
}

/** As a line of redis.conf takes a path. */
function quoted(path: string): string {
  return `"${path.replaceAll(/["\\]/g, "\\$&")}"`;
}
