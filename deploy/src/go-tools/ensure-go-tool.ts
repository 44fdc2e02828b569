import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { defaultCacheFolder, type OnProgress, runCommand, StackError, StartLock } from "@lastknown/stack";
import { buildGoTool } from "./build-go-tool.js";
import { findGo, type Go, goMissing } from "./find-go.js";
import type { GoTool } from "./go-tools.js";

export interface EnsureGoToolOptions {
  readonly onProgress: OnProgress;
  /** Default `${XDG_CACHE_HOME:-~/.cache}/lastknown`. */
  readonly cacheFolder?: string;
  /** Another Go, or a stand-in for it, than the one on the PATH. */
  readonly goCommand?: string;
}

const VERSION_BOUND_MS = 60_000;
/** For a build by another program; longer than a build may last. */
const OTHERS_BUILD_BOUND_MS = 65 * 60_000;
const LOOK_AGAIN_EVERY_MS = 500;

/**
 * The command of a program: the one on the PATH if its version will do, else the path of one that is built once and
 * kept outside git. Of several that want it at once, one builds and the others wait for it.
 * @throws StackError `tools-missing` where it would have to be built and there is no Go; `download` where the build
 *   fails, with the end of what Go said; `timeout`
 */
export async function ensureGoTool(tool: GoTool, options: EnsureGoToolOptions): Promise<string> {
  if (await isOnPath(tool)) return tool.name;
  const go = await findGo(options.goCommand);
  if (go === undefined) throw goMissing(tool.name);
  const folder = join(
    options.cacheFolder ?? defaultCacheFolder(),
    "go-tools",
    `${tool.name}-${await fingerprint(tool, go)}`,
  );
  const path = join(folder, tool.name);
  const lock = await lockUnlessBuilt(path, folder, tool.name, options.onProgress);
  if (lock === undefined) return path;
  try {
    await buildGoTool(tool, { go, path, onProgress: options.onProgress });
    return path;
  } finally {
    lock.release();
  }
}

async function isOnPath({ name, onPath }: GoTool): Promise<boolean> {
  try {
    const { exitCode, stdout } = await runCommand(name, onPath.args, {
      boundMs: VERSION_BOUND_MS,
      env: process.env,
    });
    return exitCode === 0 && onPath.fits(stdout.toString("utf8"));
  } catch (error) {
    if (error instanceof StackError && error.code === "tools-missing") return false;
    throw error;
  }
}

/** One short name for all that a program is made of: another pin, or another Go, gets another folder. */
async function fingerprint(tool: GoTool, { version }: Go): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(await readFile(join(tool.moduleFolder, file)));
  hash.update(JSON.stringify([version, tool.mainPackage, tool.linkerSettings ?? {}]));
  return hash.digest("hex").slice(0, 12);
}

/** @returns the right to build; undefined where the program is there, or has come meanwhile */
async function lockUnlessBuilt(
  path: string,
  folder: string,
  name: string,
  onProgress: OnProgress,
): Promise<StartLock | undefined> {
  const startedMs = performance.now();
  let told = false;
  for (;;) {
    if (existsSync(path)) return undefined;
    const lock = tryLock(folder, name);
    if (lock !== undefined) {
      // Whoever had the lock until now may have built it.
      if (!existsSync(path)) return lock;
      lock.release();
      return undefined;
    }
    if (!told) onProgress(`another program builds ${name}: waiting for it`);
    told = true;
    if (performance.now() - startedMs > OTHERS_BUILD_BOUND_MS) {
      throw new StackError("timeout", `another program builds ${name} in ${folder} and does not end`);
    }
    await pause(LOOK_AGAIN_EVERY_MS);
  }
}

function tryLock(folder: string, name: string): StartLock | undefined {
  try {
    return StartLock.take(folder, `a build of ${name}`);
  } catch (error) {
    if (error instanceof StackError && error.code === "already-running") return undefined;
    throw error;
  }
}
