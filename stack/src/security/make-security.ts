import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { writeAdminConfiguration } from "../servers/kafka-security.js";
import { runCommand } from "../run-command.js";
import { StackError } from "../stack-error.js";
import type { StackLayout } from "../stack-layout.js";
import { makeAuthority, makeCertificate } from "./certificates.js";
import { ADMIN, LOGINS, type PrincipalRights, rightsOf } from "./rights.js";
import { REPLICA_LOGIN, SecurityFolder, STACK_NAME } from "./security-folder.js";
import { writeSecret } from "./write-secret.js";

const PASSWORD_BYTES = 24;
const VERSION_BOUND_MS = 10_000;

/**
 * Makes what a secured stack needs before its servers start. Authority and passwords are made once, with the stack's
 * data; the certificates anew at each start, so that stopping and starting renews them.
 * @throws StackError `tools-missing` where there is no openssl
 */
export async function makeSecurity(directory: string, layout: StackLayout): Promise<void> {
  if (layout.security === undefined) return;
  await requireOpenssl();
  const folder = new SecurityFolder(directory);
  // Beside what is made here, the servers' own folders hold what is derived from the passwords.
  mkdirSync(folder.path, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  if (!existsSync(folder.authorityFile)) await makeAuthority(folder);
  makePasswords(folder, layout.security.fleet);
  writeAdminConfiguration(folder);
  for (const name of [...certifiedServers(layout), STACK_NAME]) await makeCertificate(folder, name);
}

function makePasswords(folder: SecurityFolder, fleet: string): void {
  const rights = rightsOf(fleet);
  const askers = (asks: (right: PrincipalRights) => boolean): string[] =>
    rights.filter(asks).map(({ principal }) => principal);
  const files = [
    ...LOGINS.map((login) => folder.passwordFile("kafka", login)),
    ...[...askers(({ redis }) => redis !== undefined), ADMIN, REPLICA_LOGIN].map((login) =>
      folder.passwordFile("redis", login),
    ),
    ...[...askers(({ registry }) => registry), ADMIN].map((login) => folder.passwordFile("registry", login)),
  ];
  for (const file of files) {
    if (!existsSync(file)) writeSecret(file, randomBytes(PASSWORD_BYTES).toString("base64url"));
  }
}

function certifiedServers({ brokers, registry, redis }: StackLayout): string[] {
  return [...brokers, registry, ...redis].map(({ name }) => name);
}

async function requireOpenssl(): Promise<void> {
  try {
    await runCommand("openssl", ["version"], { boundMs: VERSION_BOUND_MS });
  } catch (cause) {
    if (!(cause instanceof StackError) || cause.code !== "tools-missing") throw cause;
    throw new StackError(
      "tools-missing",
      "missing: openssl, which makes the certificates of a secured stack; install the package openssl",
      { cause },
    );
  }
}
