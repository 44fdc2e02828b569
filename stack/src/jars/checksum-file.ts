import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { hasErrorCode } from "../error-code.js";

/** Relative path → SHA-256 in lower-case hex: each file that the servers are made of. */
export type Checksums = ReadonlyMap<string, string>;

const CHECKSUM_FILE = new URL("../../checksums.sha256", import.meta.url);
const LINE = /^([0-9a-f]{64}) {2}(\S.*)$/;

/** Reads the checksums committed beside this package. */
export async function readChecksums(): Promise<Checksums> {
  return parseChecksums(await readFile(CHECKSUM_FILE, "utf8"));
}

/** The format of `sha256sum`: `<64 hex digits>  <path>`. */
export function parseChecksums(text: string): Checksums {
  const checksums = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const [, sha256, path] = LINE.exec(line) ?? [];
    if (sha256 === undefined || path === undefined)
      throw new Error(`checksum file, line ${index + 1}: ${line}`);
    checksums.set(path, sha256);
  }
  return checksums;
}

/** One short name for a whole set of pinned files: another pin gets another folder in the cache. */
export function fingerprint(checksums: Checksums): string {
  const hash = createHash("sha256");
  for (const path of [...checksums.keys()].sort()) hash.update(`${checksums.get(path)}  ${path}\n`);
  return hash.digest("hex").slice(0, 12);
}

/** The paths below one folder that are absent or differ from their checksum. */
export async function damagedFiles(
  folder: string,
  checksums: Checksums,
  under: readonly string[],
): Promise<string[]> {
  const damaged: string[] = [];
  for (const [path, expected] of checksums) {
    if (!under.some((prefix) => path.startsWith(prefix))) continue;
    if ((await sha256Of(join(folder, path))) !== expected) damaged.push(path);
  }
  return damaged;
}

/** Undefined where there is no such file. */
async function sha256Of(path: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
    return hash.digest("hex");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "EISDIR", "ENOTDIR")) return undefined;
    throw error;
  }
}
