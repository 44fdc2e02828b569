import { mkdirSync } from "node:fs";
import { get as getInTheClear } from "node:http";
import { get as getEncrypted } from "node:https";
import { join } from "node:path";
import type { ServerLaunch } from "../lifetime/launch-server.js";
import { registryRunner } from "../pins.js";
import { HOST, type RegistryPlace, type StackLayout } from "../stack-layout.js";
import { writeRegistrySecurity } from "./registry-security.js";
import { IN_THE_CLEAR, type ServerAccess } from "./server-access.js";
import type { ServerFiles } from "./server-files.js";

/** @param isSecured whether it takes TLS, and nothing else */
export function registryUrl(registry: RegistryPlace, isSecured = false): string {
  return `${isSecured ? "https" : "http"}://${HOST}:${registry.port}/apis/ccompat/v7`;
}

/** Schemas lie in an H2 file; without WRITE_DELAY=0 a kill would lose acknowledged ones. */
export function registryLaunch({ registry, security }: StackLayout, files: ServerFiles): ServerLaunch {
  const folder = files.folderOf(registry.name);
  mkdirSync(folder, { recursive: true });
  const listener =
    security === undefined
      ? [`-Dquarkus.http.port=${registry.port}`]
      : [`-Dsmallrye.config.locations=${writeRegistrySecurity(files.directory, registry, security)}`];
  return {
    command: files.tools.java,
    args: [
      files.javaTemporaryFolder(registry.name),
      "-XX:-UsePerfData",
      "-Xmx256m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      `-Dquarkus.http.host=${HOST}`,
      ...listener,
      `-Dapicurio.datasource.url=jdbc:h2:file:${join(folder, "registry")};WRITE_DELAY=0`,
      "-jar",
      join(files.jars.registryFolder, registryRunner),
    ],
    cwd: folder,
    logFile: files.logFileOf(registry.name),
  };
}

/** Undefined when it answers with its subjects, which it reads from its database; else why not. */
export async function registryLacks(
  registry: RegistryPlace,
  boundMs: number,
  access: ServerAccess = IN_THE_CLEAR,
): Promise<string | undefined> {
  try {
    const status = await statusOf(
      `${registryUrl(registry, access.tls !== undefined)}/subjects`,
      boundMs,
      access,
    );
    return status === 200 ? undefined : `the registry answers ${status}`;
  } catch (error) {
    return `the registry does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Once the answer has come as a whole. */
function statusOf(
  url: string,
  boundMs: number,
  { tls, registryLogin }: ServerAccess,
): Promise<number | undefined> {
  const login = registryLogin && { auth: `${registryLogin.username}:${registryLogin.password}` };
  const options = { agent: false, signal: AbortSignal.timeout(boundMs), ...login } as const;
  return new Promise((resolve, reject) => {
    const request =
      tls === undefined ? getInTheClear(url, options) : getEncrypted(url, { ...options, ca: tls.ca });
    request.once("error", reject);
    request.once("response", (response) => {
      response.resume();
      response.once("error", reject);
      response.once("end", () => resolve(response.statusCode));
    });
  });
}
