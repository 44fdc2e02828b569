import { join } from "node:path";
import { ADMIN, type Login, rightsOf } from "../security/rights.js";
import { SecurityFolder } from "../security/security-folder.js";
import { writeSecret } from "../security/write-secret.js";
import type { RegistryPlace, StackSecurity } from "../stack-layout.js";

/**
 * Writes how the registry of a secured stack listens and whom it lets in: Quarkus, which it runs on, has users of its
 * own beside the OpenID providers that it was made for. It was built so that it asks no client for a certificate.
 * @returns the file of settings; no password stands in an argument
 */
export function writeRegistrySecurity(
  directory: string,
  { name, port }: RegistryPlace,
  { fleet }: StackSecurity,
): string {
  const folder = new SecurityFolder(directory);
  const file = join(folder.path, `${name}.properties`);
  const askers = rightsOf(fleet).filter(({ registry }) => registry);
  const logins: Login[] = [...askers.map(({ principal }) => principal), ADMIN];
  const users = "quarkus.security.users.embedded";
  const settings = [
    "quarkus.http.insecure-requests=disabled",
    `quarkus.http.ssl-port=${port}`,
    `quarkus.http.ssl.certificate.files=${folder.certificateFile(name)}`,
    `quarkus.http.ssl.certificate.key-files=${folder.keyFile(name)}`,
    "quarkus.http.auth.basic=true",
    "quarkus.http.auth.permission.all.paths=/*",
    "quarkus.http.auth.permission.all.policy=authenticated",
    `${users}.enabled=true`,
    `${users}.plain-text=true`,
    ...logins.map((login) => `${users}.users.${login}=${folder.password("registry", login)}`),
  ];
  writeSecret(file, settings.map((line) => `${line}\n`).join(""));
  return file;
}
