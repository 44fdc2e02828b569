import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type OnProgress, slowStep } from "../progress.js";
import { StackError } from "../stack-error.js";
import { type Checksums, damagedFiles, fingerprint, readChecksums } from "./checksum-file.js";
import { downloadServers } from "./maven-download.js";
import { hasErrorCode } from "../error-code.js";

/** The checked files of the servers, in a folder that never changes once it is there. */
export interface Jars {
  readonly folder: string;
  /** Java's class path of the broker and its command-line tools. */
  readonly kafkaClassPath: string;
  readonly registryFolder: string;
}

export interface EnsureJarsOptions {
  readonly onProgress: OnProgress;
  /** Default `${XDG_CACHE_HOME:-~/.cache}/lastknown`. */
  readonly cacheFolder?: string;
  /** Fills an empty folder; another one only in tests. */
  readonly download?: (folder: string, onProgress: OnProgress) => Promise<void>;
  /** Default: those committed in this package. */
  readonly checksums?: Checksums;
}

/** What a run leaves behind when it is killed while downloading is removed by a later run after this long. */
const LEFTOVER_AGE_MAX_MS = 60 * 60_000;
/** Only what runs is kept: the archive and Maven's own files are dropped once checked. */
const KEPT = ["kafka/", "registry/"];

/**
 * The servers' files, fetched once. A second call reads and checks them, without network and without Maven.
 * A damaged or partial folder is made anew; runs side by side each fetch into a folder of their own, and the
 * first one to rename it into place wins.
 * @throws StackError `download` where a file cannot be fetched or its checksum differs.
 */
export async function ensureJars(options: EnsureJarsOptions): Promise<Jars> {
  const checksums = options.checksums ?? (await readChecksums());
  const cache = options.cacheFolder ?? defaultCacheFolder();
  const folder = folderIn(cache, checksums);
  const damaged = await damagedFiles(folder, checksums, KEPT);
  if (damaged.length === 0) return jarsIn(folder);
  if (await exists(folder))
    options.onProgress(`${damaged.length} files in ${folder} are damaged or absent: made anew`);
  await mkdir(cache, { recursive: true });
  await removeLeftovers(cache);
  const temporary = await mkdtemp(join(cache, "fetching-"));
  try {
    await slowStep(options.onProgress, "fetching Kafka and the registry (160 MB, once)", () =>
      (options.download ?? downloadServers)(temporary, options.onProgress),
    );
    await check(temporary, checksums);
    await keepOnly(temporary);
    await putInPlace(temporary, folder, checksums);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return jarsIn(folder);
}

/** The servers' files where all are there and whole: then neither Maven nor a network is needed. */
export async function findJars(cacheFolder: string = defaultCacheFolder()): Promise<Jars | undefined> {
  const checksums = await readChecksums();
  const folder = folderIn(cacheFolder, checksums);
  return (await damagedFiles(folder, checksums, KEPT)).length === 0 ? jarsIn(folder) : undefined;
}

/** Where the servers' files lie once fetched; unchecked, for use beside a stack that was started from them. */
export async function jarsPlace(cacheFolder: string = defaultCacheFolder()): Promise<Jars> {
  return jarsIn(folderIn(cacheFolder, await readChecksums()));
}

export function defaultCacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"];
  return join(base === undefined || base === "" ? join(homedir(), ".cache") : base, "lastknown");
}

function folderIn(cache: string, checksums: Checksums): string {
  return join(cache, `servers-${fingerprint(checksums)}`);
}

function jarsIn(folder: string): Jars {
  return { folder, kafkaClassPath: join(folder, "kafka", "*"), registryFolder: join(folder, "registry") };
}

async function check(folder: string, checksums: Checksums): Promise<void> {
  const damaged = await damagedFiles(folder, checksums, [""]);
  if (damaged.length === 0) return;
  const named = damaged.slice(0, 5).join(", ");
  throw new StackError(
    "download",
    `${damaged.length} fetched files are absent or differ from their checksum: ${named}`,
  );
}

/** The archive and Maven's own files have done their work. */
async function keepOnly(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!KEPT.includes(`${name}/`)) await rm(join(folder, name), { recursive: true });
  }
}

async function putInPlace(temporary: string, folder: string, checksums: Checksums): Promise<void> {
  const aside = `${temporary}-damaged`;
  try {
    // Somebody else may have mended it since: a whole folder is never moved away under running servers.
    if ((await damagedFiles(folder, checksums, KEPT)).length === 0) return;
    if (await exists(folder)) await rename(folder, aside);
    await rename(temporary, folder);
  } catch (cause) {
    if ((await damagedFiles(folder, checksums, KEPT)).length > 0) {
      throw new StackError("download", `cannot put the servers' files into ${folder}`, { cause });
    }
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith("fetching-")) continue;
    const path = join(cache, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > LEFTOVER_AGE_MAX_MS) await rm(path, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return false;
    throw error;
  }
}
