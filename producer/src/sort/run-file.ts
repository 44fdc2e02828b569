import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitCodes, FatalError } from "@lastknown/shared";
import {
  ENTRY_HEAD_BYTES,
  entryBytes,
  readEntry,
  writeEntry,
  type SortCursor,
  type SortEntry,
} from "./sort-entry.js";

const WRITE_BYTES = 512 * 1024;
/** What each open cursor holds at least. */
const READ_BYTES = 128 * 1024;

/**
 * An ordered run of entries on disk. Its file loses its name as soon as it is open, so the system frees it
 * when this process ends, however it ends.
 */
export class RunFile {
  readonly #descriptor: number;
  #buffer = Buffer.allocUnsafe(WRITE_BYTES);
  #used = 0;
  #bytes = 0;

  /**
   * @param directory where the file is made; the system's temporary directory unless given
   * @throws FatalError (usage) if nothing can be made there
   */
  constructor(directory: string = tmpdir()) {
    const folder = folderIn(directory);
    try {
      this.#descriptor = openSync(join(folder, "run"), "wx+", 0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  get bytes(): number {
    return this.#bytes + this.#used;
  }

  append(entry: SortEntry): void {
    const bytes = entryBytes(entry);
    if (this.#used + bytes > this.#buffer.length) this.#flush();
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(bytes);
    writeEntry(entry, this.#buffer, this.#used);
    this.#used += bytes;
  }

  /** Ends the writing. */
  finish(): void {
    this.#flush();
    this.#buffer = Buffer.alloc(0);
  }

  cursor(): SortCursor {
    return new RunCursor(this.#descriptor, this.#bytes);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #flush(): void {
    let written = 0;
    while (written < this.#used) {
      written += writeSync(
        this.#descriptor,
        this.#buffer,
        written,
        this.#used - written,
        this.#bytes + written,
      );
    }
    this.#bytes += written;
    this.#used = 0;
  }
}

/** Reads a run's file block by block. */
class RunCursor implements SortCursor {
  readonly #descriptor: number;
  readonly #bytes: number;
  #buffer = Buffer.allocUnsafe(READ_BYTES);
  /** The part of the buffer that holds entries not yet passed. */
  #start = 0;
  #end = 0;
  #filePosition = 0;
  current: SortEntry | undefined;

  constructor(descriptor: number, bytes: number) {
    this.#descriptor = descriptor;
    this.#bytes = bytes;
    this.#load();
  }

  advance(): void {
    if (this.current === undefined) return;
    this.#start += entryBytes(this.current);
    this.#load();
  }

  #load(): void {
    if (!this.#have(ENTRY_HEAD_BYTES)) {
      this.current = undefined;
      return;
    }
    const rawBytes = this.#buffer.readUInt32LE(this.#start);
    if (!this.#have(ENTRY_HEAD_BYTES + rawBytes)) throw new Error("a spilled run of the sort ends early");
    this.current = readEntry(this.#buffer, this.#start);
  }

  /** Reads on until so many bytes are there. False at the end of the file. */
  #have(bytes: number): boolean {
    if (this.#end - this.#start >= bytes) return true;
    const rest = this.#buffer.subarray(this.#start, this.#end);
    // A new buffer, as the entries handed out are views of the old one.
    const larger = Buffer.allocUnsafe(Math.max(READ_BYTES, bytes));
    rest.copy(larger);
    this.#buffer = larger;
    this.#start = 0;
    this.#end = rest.length;
    while (this.#end < this.#buffer.length && this.#filePosition < this.#bytes) {
      const room = Math.min(this.#buffer.length - this.#end, this.#bytes - this.#filePosition);
      const read = readSync(this.#descriptor, this.#buffer, this.#end, room, this.#filePosition);
      if (read === 0) break;
      this.#end += read;
      this.#filePosition += read;
    }
    return this.#end >= bytes;
  }
}

function folderIn(directory: string): string {
  try {
    return mkdtempSync(join(directory, "lastknown-replay-"));
  } catch (cause) {
    throw new FatalError(`rows cannot be ordered in ${directory} (${(cause as Error).message})`, {
      fix: "name a folder with --temp that is there and that this user may write",
      exitCode: exitCodes.usage,
      cause,
    });
  }
}
