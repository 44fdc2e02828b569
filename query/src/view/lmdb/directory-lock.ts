import { spawn } from "node:child_process";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, FatalError, type Logger } from "@lastknown/shared";

export const LOCK_FILE = "query.lock";

const FLOCK_BOUND_MS = 5000;
/** Whoever has just got the lock writes who it is a moment later. */
const HOLDER_READS_MAX = 10;
const HOLDER_READ_EVERY_MS = 50;
const HOLDER_BYTES_MAX = 1024;

/** What the lock file holds, for people alone: whether it is locked is the kernel's to say. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * One query service's hold on a data directory, while the object lives.
 *
 * It is the kernel's lock on an open file, so it ends with the process however that ends: nothing is left to be
 * cleaned up, no pid has to be looked at, and of several that try at once one gets it. The file itself stays, as
 * removing it would let two lock different files of one name.
 */
export class DirectoryLock {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /**
   * Takes the directory, which is made if it is not there. Where the machine has no `flock` command, a warning
   * says so and nothing is locked.
   *
   * @throws FatalError (usage) if another query service has it, or it cannot be written
   */
  static async take(directory: string, logger: Logger): Promise<DirectoryLock> {
    const file = await openLockFile(directory);
    try {
      const outcome = await flock(file);
      if (outcome === "held") throw inUse(directory, await holderOf(file));
      if (outcome !== "taken") logger.warn("data directory cannot be locked", { directory, reason: outcome });
      const holder: Holder = { pid: process.pid, host: hostname() };
      await file.truncate(0);
      await file.write(`${JSON.stringify(holder)}\n`);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new DirectoryLock(file);
  }

  async release(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.close();
  }
}

async function openLockFile(directory: string): Promise<FileHandle> {
  try {
    await mkdir(directory, { recursive: true });
    return await open(join(directory, LOCK_FILE), "a+");
  } catch (cause) {
    throw new FatalError(`the data directory ${directory} cannot be used (${(cause as Error).message})`, {
      fix: "set LASTKNOWN_DATA_DIRECTORY to a folder that this user may write",
      exitCode: exitCodes.usage,
      cause,
    });
  }
}

/**
 * Locks the open file without waiting: "taken", "held", or in words why that cannot be done here. Node has no call
 * for it, but the lock belongs to what was opened and not to who locks it: the command locks our own file and goes.
 */
async function flock(file: FileHandle): Promise<string> {
  const FILE_IN_CHILD = 3;
  const HELD_STATUS = 1;
  const child = spawn("flock", ["-n", String(FILE_IN_CHILD)], {
    stdio: ["ignore", "ignore", "ignore", file.fd],
    timeout: FLOCK_BOUND_MS,
  });
  return await new Promise((resolve) => {
    child.once("error", ({ message }) => resolve(message));
    child.once("exit", (status, signal) => {
      if (status === 0) resolve("taken");
      else resolve(status === HELD_STATUS ? "held" : `flock ended with ${status ?? signal}`);
    });
  });
}

async function holderOf(file: FileHandle): Promise<Holder | undefined> {
  for (let reads = 0; reads < HOLDER_READS_MAX; reads++) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HOLDER_BYTES_MAX), 0, HOLDER_BYTES_MAX, 0);
    const holder = parsed(buffer.toString("utf8", 0, bytesRead));
    // One that was killed has left its pid there, until who has the lock now writes its own.
    if (holder !== undefined && (holder.host !== hostname() || isRunning(holder.pid))) return holder;
    await sleep(HOLDER_READ_EVERY_MS);
  }
  return undefined;
}

function parsed(text: string): Holder | undefined {
  const match = /^\{"pid":(\d{1,10}),"host":("[^"\\]{0,255}")\}\n$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), host: JSON.parse(match[2] ?? '""') as string };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function inUse(directory: string, holder: Holder | undefined): FatalError {
  const place = holder === undefined || holder.host === hostname() ? "" : ` on ${holder.host}`;
  const who = holder === undefined ? "its pid is not known" : `pid ${holder.pid}${place}`;
  return new FatalError(`another query service (${who}) uses the data directory ${directory}`, {
    fix: "stop that one, or give this one another --data-directory",
    exitCode: exitCodes.usage,
  });
}
