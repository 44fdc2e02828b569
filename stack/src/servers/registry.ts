import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ServerLaunch } from "../lifetime/launch-server.js";
import { registryRunner } from "../pins.js";
import { HOST, type RegistryPlace } from "../stack-layout.js";
import type { ServerFiles } from "./server-files.js";

export function registryUrl(registry: RegistryPlace): string {
  return `http://${HOST}:${registry.port}/apis/ccompat/v7`;
}

/** Schemas lie in an H2 file; without WRITE_DELAY=0 a kill would lose acknowledged ones. */
export function registryLaunch(registry: RegistryPlace, files: ServerFiles): ServerLaunch {
  const folder = files.folderOf(registry.name);
  mkdirSync(folder, { recursive: true });
  return {
    command: files.tools.java,
    args: [
      files.javaTemporaryFolder(registry.name),
      "-XX:-UsePerfData",
      "-Xmx256m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      `-Dquarkus.http.host=${HOST}`,
      `-Dquarkus.http.port=${registry.port}`,
      `-Dapicurio.datasource.url=jdbc:h2:file:${join(folder, "registry")};WRITE_DELAY=0`,
      "-jar",
      join(files.jars.registryFolder, registryRunner),
    ],
    cwd: folder,
    logFile: files.logFileOf(registry.name),
  };
}

/** Undefined when it answers with its subjects, which it reads from its database; else why not. */
export async function registryLacks(registry: RegistryPlace, boundMs: number): Promise<string | undefined> {
  try {
    const answer = await fetch(`${registryUrl(registry)}/subjects`, { signal: AbortSignal.timeout(boundMs) });
    await answer.arrayBuffer();
    return answer.ok ? undefined : `the registry answers ${answer.status}`;
  } catch (error) {
    return `the registry does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}
