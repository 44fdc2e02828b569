import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { defaultCacheFolder, runCommand, StackError } from "@lastknown/stack";
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
const DOWNLOAD_BOUND_MS = 120_000;
const UNPACK_BOUND_MS = 20_000;

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

/** Unpacked beside the folder and moved there whole, so that a run that is cut off leaves no half. */
async function fetchInto(cacheFolder: string): Promise<void> {
  const parent = join(cacheFolder, "..");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "libfaketime-"));
  try {
    await run("apt-get", ["download", "libfaketime"], folder, DOWNLOAD_BOUND_MS);
    const file = (await readdir(folder)).find((name) => name.endsWith(".deb"));
    if (file === undefined) throw cannot(`apt-get downloaded nothing; ${FIX}`);
    await run("dpkg-deb", ["-x", file, "unpacked"], folder, UNPACK_BOUND_MS);
    if (!existsSync(cacheFolder)) await rename(join(folder, "unpacked"), cacheFolder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(command: string, args: readonly string[], cwd: string, boundMs: number): Promise<void> {
  const env = { ...process.env, LC_ALL: "C" };
  try {
    const { exitCode, stdout, stderr } = await runCommand(command, args, { cwd, boundMs, env });
    if (exitCode === 0) return;
    const said = `${stdout.toString()}${stderr.toString()}`.trim().split("\n").at(-1) ?? "";
    throw cannot(`libfaketime is missing, and ${command} says: ${said}; ${FIX}`);
  } catch (cause) {
    if (!(cause instanceof StackError)) throw cause;
    throw cannot(`libfaketime is missing, and ${cause.message}; ${FIX}`, { cause });
  }
}

function cannot(why: string, options?: ErrorOptions): CannotBeMadeError {
  return new CannotBeMadeError("a stepped clock", why, options);
}
