import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FatalError, exitCodes } from "@lastknown/shared";

const VERSION = 2;

/** What must be the same for a replay to go on where another one ended. */
export interface ReplayIdentity {
  /** SHA-256 of the file. */
  readonly fileHash: string;
  /** What the rows' content, order and destination follow from. */
  readonly options: Readonly<Record<string, unknown>>;
}

interface Stored {
  readonly version: number;
  readonly fileHash: string;
  readonly optionsHash: string;
  /** Rows in sorted order, all turns together, of which all are acknowledged or refused. */
  readonly rowsDone: number;
  /** The lines of those that were too large to be sent. */
  readonly refusedLines: readonly number[];
}

/** How far a replay came. */
export type ReplayPosition = Pick<Stored, "rowsDone" | "refusedLines">;

/**
 * How far a replay came, on disk. It never says more than is true: a row counts only when it and all before it
 * are acknowledged. After a crash the rows since the last save are sent again, none is left out.
 */
export class Checkpoint {
  readonly #path: string;
  readonly #identity: Omit<Stored, keyof ReplayPosition>;

  constructor(path: string, identity: ReplayIdentity) {
    this.#path = path;
    const optionsHash = createHash("sha256").update(JSON.stringify(identity.options)).digest("hex");
    this.#identity = { version: VERSION, fileHash: identity.fileHash, optionsHash };
  }

  /**
   * What is done; nothing if there is no checkpoint yet.
   *
   * @throws FatalError (usage) if the checkpoint is of another file, of other options, or no checkpoint
   */
  load(): ReplayPosition {
    const stored = this.#read();
    if (stored === undefined) return { rowsDone: 0, refusedLines: [] };
    if (stored.fileHash !== this.#identity.fileHash)
      throw this.#mismatch("was made for another file, or it has changed since");
    if (stored.optionsHash !== this.#identity.optionsHash) {
      throw this.#mismatch("was made with other options for the rows, or for another topic");
    }
    return stored;
  }

  /**
   * Replaces the file as a whole, so that a crash at any moment leaves the old one or the new one.
   *
   * @throws FatalError if it cannot be written any more
   */
  async save(position: ReplayPosition): Promise<void> {
    try {
      await this.#replace(position);
    } catch (cause) {
      throw new FatalError(`the checkpoint ${this.#path} cannot be written (${(cause as Error).message})`, {
        fix: "make room for it and go on with the same command: rows since the last save are sent again",
        cause,
      });
    }
  }

  async #replace({ rowsDone, refusedLines }: ReplayPosition): Promise<void> {
    const temporary = temporaryOf(this.#path);
    const file = await open(temporary, "wx");
    try {
      try {
        const stored: Stored = { ...this.#identity, rowsDone, refusedLines };
        await file.writeFile(`${JSON.stringify(stored)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncDirectory(dirname(this.#path));
  }

  #read(): Stored | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw this.#unreadable((cause as Error).message, cause);
    }
    let stored: Partial<Stored> | null;
    try {
      stored = JSON.parse(text) as Partial<Stored> | null;
    } catch (cause) {
      throw this.#unreadable("it is not JSON", cause);
    }
    const { version, rowsDone, refusedLines } = stored ?? {};
    if (version !== VERSION || !isCount(rowsDone) || !isListOfCounts(refusedLines)) {
      throw this.#unreadable("it is no checkpoint of this version");
    }
    return stored as Stored;
  }

  #mismatch(reason: string): FatalError {
    return new FatalError(`the checkpoint ${this.#path} ${reason}`, {
      fix: "give the file and the options it was made with, or name another checkpoint to begin anew",
      exitCode: exitCodes.usage,
    });
  }

  #unreadable(reason: string, cause?: unknown): FatalError {
    return new FatalError(`the checkpoint ${this.#path} cannot be read (${reason})`, {
      fix: "remove it to begin anew, or name another one",
      exitCode: exitCodes.usage,
      cause,
    });
  }
}

/**
 * Finds out whether a checkpoint can be kept at this path, before anything is read or sent for it.
 *
 * @throws FatalError (usage)
 */
export function requireWritableCheckpoint(path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw new Error("it is a folder");
    const temporary = temporaryOf(path);
    closeSync(openSync(temporary, "wx"));
    rmSync(temporary);
  } catch (cause) {
    throw new FatalError(`the checkpoint ${path} cannot be written (${(cause as Error).message})`, {
      fix: "name one with --checkpoint in a folder that is there and that this user may write",
      exitCode: exitCodes.usage,
      cause,
    });
  }
}

/** A name beside it that no file has: what a user keeps there may end in `.tmp` as well. */
function temporaryOf(path: string): string {
  return `${path}.${randomBytes(8).toString("hex")}.tmp`;
}

/** A renamed file is there after a power cut only if its directory was written too. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isListOfCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}
