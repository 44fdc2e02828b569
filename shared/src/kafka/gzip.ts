import { gzip, gunzipSync } from "node:zlib";
import { promisify } from "node:util";

/** What one batch may become. Brokers take batches of about a megabyte, and data rarely shrinks to a thirtieth. */
export const INFLATED_BATCH_BYTES_MAX = 32 * 1024 * 1024;
/** What one read may inflate in all, after which it decodes no further batch: half a megabyte holds 16 such bombs. */
export const INFLATED_READ_BYTES_MAX = 32 * 1024 * 1024;

/** How much a read has inflated so far. One budget is shared by all partitions of all answers that the read decodes. */
export class InflationBudget {
  #leftBytes: number;

  constructor(bytesMax: number = INFLATED_READ_BYTES_MAX) {
    this.#leftBytes = bytesMax;
  }

  /** False at first, so that a read always decodes one batch, and comes on. */
  get isSpent(): boolean {
    return this.#leftBytes <= 0;
  }

  /** May go past the limit, by one batch at most. */
  spend(inflatedBytes: number): void {
    this.#leftBytes -= inflatedBytes;
  }
}

export const compressGzip: (bytes: Buffer) => Promise<Buffer> = promisify(gzip);

/** Throws ERR_BUFFER_TOO_LARGE past the limit, and zlib's own error for bytes that are no gzip. */
export function inflateGzip(bytes: Buffer, outputBytesMax: number = INFLATED_BATCH_BYTES_MAX): Buffer {
  return gunzipSync(bytes, { maxOutputLength: outputBytesMax });
}
