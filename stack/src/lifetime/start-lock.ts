import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasErrorCode } from "../error-code.js";
import { StackError } from "../stack-error.js";
import { identify, isRunning, type ServerIdentity } from "./server-identity.js";

/** Each turn lost means that another start took the lock and was gone again. */
const ATTEMPTS_MAX = 20;

/**
 * Lets one program at a time start the stack of a folder, or make what shall be there. The lock is the folder `starting`, with one file that
 * names its holder; it is free when that file is gone or its holder runs no more, so a kill blocks nobody.
 *
 * A rename puts it there with its file in it, which the system refuses where the folder holds another's. A dead
 * holder's file is removed by its name, so of two that take over neither can remove the other's.
 */
export class StartLock {
  readonly #folder: string;
  readonly #own: string;
  readonly #what: string;

  private constructor(folder: string, own: string, what: string) {
    this.#folder = folder;
    this.#own = own;
    this.#what = what;
  }

  /**
   * @param what is started there, for the message
   * @throws StackError `already-running` where another program, or this one, is starting it.
   */
  static take(directory: string, what = "a stack"): StartLock {
    mkdirSync(directory, { recursive: true });
    const lock = new StartLock(join(directory, "starting"), fileNameOf(ownIdentity()), what);
    const prepared = mkdtempSync(join(directory, "starting-"));
    try {
      writeFileSync(join(prepared, lock.#own), "");
      for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
        lock.#clearOfTheDead(directory);
        if (lock.#put(prepared)) return lock;
      }
      throw new StackError("already-running", `other programs start ${what} in ${directory} again and again`);
    } finally {
      rmSync(prepared, { recursive: true, force: true });
    }
  }

  /** Does no harm where the stack's folder has gone meanwhile. */
  release(): void {
    rmSync(join(this.#folder, this.#own), { force: true });
    try {
      rmdirSync(this.#folder);
    } catch (error) {
      // Gone with the stack's folder, or another's already.
      if (!hasErrorCode(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
    }
  }

  #clearOfTheDead(directory: string): void {
    for (const name of holdersIn(this.#folder)) {
      const holder = identityOf(name);
      if (isRunning(holder)) {
        throw new StackError(
          "already-running",
          `${this.#what} is being started in ${directory} by another lastknown (pid ${holder.pid})`,
        );
      }
      rmSync(join(this.#folder, name), { force: true });
    }
  }

  #put(prepared: string): boolean {
    try {
      renameSync(prepared, this.#folder);
      return true;
    } catch (error) {
      if (hasErrorCode(error, "ENOTEMPTY", "EEXIST")) return false;
      throw error;
    }
  }
}

function holdersIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return [];
    throw error;
  }
}

function ownIdentity(): ServerIdentity {
  const own = identify(process.pid);
  if (own === undefined) throw new Error("this program does not find itself among those that run");
  return own;
}

function fileNameOf({ pid, startedAt }: ServerIdentity): string {
  return `${pid}-${encodeURIComponent(startedAt)}`;
}

function identityOf(fileName: string): ServerIdentity {
  const dash = fileName.indexOf("-");
  return {
    pid: Number(fileName.slice(0, dash)),
    startedAt: decodeURIComponent(fileName.slice(dash + 1)),
  };
}
