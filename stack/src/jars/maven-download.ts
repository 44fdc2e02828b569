import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pins, registryArchive } from "../pins.js";
import type { OnProgress } from "../progress.js";
import { runCommand } from "../run-command.js";
import { StackError } from "../stack-error.js";
import { registryArtifact, registryStandInPom, serversPom } from "./pom.js";

const MAVEN_BOUND_MS = 15 * 60_000;
const MAVEN_ATTEMPTS_MAX = 3;
const UNPACK_BOUND_MS = 2 * 60_000;
const TAIL_LINES = 20;

/**
 * Fills a folder with `kafka/*.jar`, `download/<archive>` and `registry/…` (the archive unpacked).
 * Maven finds the repository by the user's own settings; its local repository is a folder of ours, for the user's
 * may be read-only or half filled.
 */
export async function downloadServers(folder: string, onProgress: OnProgress): Promise<void> {
  await writeFile(join(folder, "pom.xml"), serversPom());
  await putStandInPom(join(folder, "repository"));
  await runMaven(folder, onProgress);
  await sortIntoFolders(folder);
  await unpackRegistry(folder);
}

async function putStandInPom(repository: string): Promise<void> {
  const { groupId, artifactId } = registryArtifact;
  const place = join(repository, ...groupId.split("."), artifactId, pins.registry);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, `${artifactId}-${pins.registry}.pom`), registryStandInPom());
}

async function runMaven(folder: string, onProgress: OnProgress): Promise<void> {
  const args = [
    ["-B", "-ntp", "-C", "-q", "-U", "-f", join(folder, "pom.xml")],
    [`-Dmaven.repo.local=${join(folder, "repository")}`, "dependency:copy-dependencies"],
    ["-DincludeScope=runtime", `-DoutputDirectory=${join(folder, "all")}`],
  ].flat();
  for (let attempt = 1; ; attempt += 1) {
    const result = await runCommand("mvn", args, { boundMs: MAVEN_BOUND_MS, cwd: folder });
    if (result.exitCode === 0) return;
    const tail = result.stdout.toString("utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
    if (attempt >= MAVEN_ATTEMPTS_MAX) {
      throw new StackError("download", `Maven could not fetch the servers (${attempt} attempts):\n${tail}`);
    }
    onProgress(`Maven failed, attempt ${attempt} of ${MAVEN_ATTEMPTS_MAX}:\n${tail}`);
  }
}

async function sortIntoFolders(folder: string): Promise<void> {
  await mkdir(join(folder, "kafka"));
  await mkdir(join(folder, "download"));
  for (const name of await readdir(join(folder, "all"))) {
    const place = name.endsWith(".jar") ? "kafka" : "download";
    await rename(join(folder, "all", name), join(folder, place, name));
  }
}

async function unpackRegistry(folder: string): Promise<void> {
  const place = join(folder, "registry");
  await mkdir(place);
  const archive = join(folder, "download", registryArchive);
  const result = await runCommand("tar", ["-xzf", archive, "-C", place], { boundMs: UNPACK_BOUND_MS });
  if (result.exitCode !== 0) {
    throw new StackError("download", `cannot unpack ${archive}: ${result.stderr.toString("utf8").trim()}`);
  }
}
