import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { defaultCacheFolder, StackError, unpackDebianPackage } from "@lastknown/stack";
import { CannotBeMadeError } from "../cannot-be-made.js";

/** The variant for programs with threads. */
const LIBRARY = "libfaketimeMT.so.1";
const FOLDERS = [
  ...["x86_64-linux-gnu", "aarch64-linux-gnu"].map((machine) => `/usr/lib/${machine}/faketime`),
  "/usr/lib64/faketime",
  "/usr/lib/faketime",
  "/usr/local/lib/faketime",
];
const FIX = "install it: sudo apt-get install faketime, or sudo dnf install libfaketime";

/**
 * Finds libfaketime. On Debian and Ubuntu it is fetched where it is missing, into a folder of the user's: nothing
 * is installed, and no rights are needed.
 * @returns the library's path
 * @throws CannotBeMadeError with what to install
 */
export async function ensureLibfaketime(
  cacheFolder: string = join(defaultCacheFolder(), "libfaketime"),
  systemFolders: readonly string[] = FOLDERS,
): Promise<string> {
  const installed = systemFolders.map((folder) => join(folder, LIBRARY)).find(existsSync);
  const found = installed ?? (await libraryUnder(cacheFolder));
  if (found !== undefined) return found;
  await fetchInto(cacheFolder);
  const fetched = await libraryUnder(cacheFolder);
  if (fetched === undefined) throw cannot(`the package holds no ${LIBRARY}; ${FIX}`);
  return fetched;
}

async function libraryUnder(folder: string): Promise<string | undefined> {
  if (!existsSync(folder)) return undefined;
  const names = await readdir(folder, { recursive: true });
  const name = names.find((one) => one.endsWith(`/${LIBRARY}`));
  return name === undefined ? undefined : join(folder, name);
}

async function fetchInto(cacheFolder: string): Promise<void> {
  try {
    await unpackDebianPackage("libfaketime", cacheFolder);
  } catch (cause) {
    if (!(cause instanceof StackError)) throw cause;
    throw cannot(`libfaketime is missing, and ${cause.message}; ${FIX}`, { cause });
  }
}

function cannot(why: string, options?: ErrorOptions): CannotBeMadeError {
  return new CannotBeMadeError("a stepped clock", why, options);
}
