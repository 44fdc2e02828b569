import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { FatalError, exitCodes } from "@lastknown/shared";

const READ_BYTES = 256 * 1024;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** A CSV's bytes, inflated where they are gzip, and what is known about the file they come from. */
export interface Input {
  readonly chunks: AsyncIterable<Buffer>;
  /** Of the file as it lies there; undefined for standard input. */
  readonly bytesTotal: number | undefined;
  /** Of the file as it lies there. */
  bytesRead(): number;
  /** SHA-256 of all that was read, in hex. Only after the last chunk, and only if asked for. */
  hash(): string;
  /** Stops reading, also in the middle. What is then left of `chunks` ends or throws. */
  close(): void;
}

/**
 * Opens a file, or standard input for `-`.
 *
 * @throws FatalError (usage) if there is no such file or it cannot be read
 */
export function openInput(file: string, options: { stdin: Readable; hashed: boolean }): Input {
  const bytesTotal = file === "-" ? undefined : sizeOf(file);
  const source = file === "-" ? options.stdin : createReadStream(file, { highWaterMark: READ_BYTES });
  const hash = createHash("sha256");
  let bytesRead = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      const bytes = chunk as Buffer;
      bytesRead += bytes.length;
      if (options.hashed) hash.update(bytes);
      yield bytes;
    }
  }
  return {
    chunks: inflated(counted(), file),
    bytesTotal,
    bytesRead: () => bytesRead,
    hash: () => hash.copy().digest("hex"),
    close: () => {
      // Nobody reads it any more, so that it cannot be read is nobody's failure.
      source.on("error", () => undefined);
      source.destroy();
    },
  };
}

/**
 * To be asked before what takes long is begun; standard input is taken for readable.
 *
 * @throws FatalError (usage) if there is no such file or it is a directory
 */
export function requireInput(file: string): void {
  if (file !== "-") sizeOf(file);
}

function sizeOf(file: string): number {
  try {
    const found = statSync(file);
    if (found.isDirectory()) throw unreadable(file, "it is a directory");
    return found.size;
  } catch (cause) {
    if (cause instanceof FatalError) throw cause;
    throw unreadable(
      file,
      (cause as NodeJS.ErrnoException).code === "ENOENT" ? "it does not exist" : String(cause),
      cause,
    );
  }
}

function unreadable(file: string, reason: string, cause?: unknown): FatalError {
  const options = { fix: "check the path", exitCode: exitCodes.usage, cause };
  return new FatalError(`${file} cannot be read (${reason})`, options);
}

async function* inflated(source: AsyncGenerator<Buffer>, file: string): AsyncGenerator<Buffer> {
  const first = await beginning(source);
  if (!first.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) {
    yield first;
    yield* source;
    return;
  }
  const gunzip = createGunzip({ chunkSize: READ_BYTES });
  const packed = Readable.from(
    (async function* () {
      yield first;
      yield* source;
    })(),
  );
  // The error reaches the loop below, which destroys what it reads from.
  pipeline(packed, gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (cause) {
    throw new FatalError(`${file} is damaged gzip (${(cause as Error).message})`, {
      fix: "get it anew",
      cause,
    });
  }
}

/** At least as many bytes as tell gzip, if there are so many: a pipe may give them one by one. */
async function beginning(source: AsyncGenerator<Buffer>): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  while (bytes.length < GZIP_MAGIC.length) {
    const next = await source.next();
    if (next.done === true) break;
    bytes = Buffer.concat([bytes, next.value]);
  }
  return bytes;
}
