import { closeSync, openSync, writeSync } from "node:fs";
import { FatalError, exitCodes } from "@lastknown/shared";
import type { Rejection } from "../csv/rejection.js";

const BUFFERED_BYTES_MAX = 64 * 1024;

/** Writes rejected rows as CSV: line, reason, detail and the row as it stood, byte for byte. */
export class RejectsFile {
  readonly #path: string;
  readonly #descriptor: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** @throws FatalError (usage) if the file cannot be written */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#descriptor = openSync(path, "w");
    } catch (cause) {
      throw new FatalError(`the rejects file ${path} cannot be written (${(cause as Error).message})`, {
        fix: "name one with --rejects in a folder that is there and that this user may write",
        exitCode: exitCodes.usage,
        cause,
      });
    }
    this.#add(Buffer.from("line,reason,detail,row\n"));
  }

  write({ line, reason, detail, raw }: Rejection): void {
    this.#add(Buffer.from(`${line},${reason},"${detail.replaceAll('"', '""')}","`));
    // Latin-1 maps each byte to one character and back, so bytes that are no UTF-8 stay what they are.
    this.#add(Buffer.from(raw.toString("latin1").replaceAll('"', '""'), "latin1"));
    this.#add(Buffer.from('"\n'));
  }

  /** @throws FatalError if what is left cannot be written */
  close(): void {
    try {
      this.#flush();
    } finally {
      closeSync(this.#descriptor);
    }
  }

  #add(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes > BUFFERED_BYTES_MAX) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#parts);
    // What could not be written is not tried again at the end: that would hide the first failure.
    this.#parts = [];
    this.#bytes = 0;
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#descriptor, bytes, written);
    } catch (cause) {
      throw new FatalError(
        `the rejects file ${this.#path} cannot be written any more (${(cause as Error).message})`,
        { fix: "make room for it, or name another one with --rejects", cause },
      );
    }
  }
}
