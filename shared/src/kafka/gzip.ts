import { gzip, gunzipSync } from "node:zlib";
import { promisify } from "node:util";

/** What one batch may become. Brokers take batches of about a megabyte, and data rarely shrinks to a thirtieth. */
export const INFLATED_BATCH_BYTES_MAX = 32 * 1024 * 1024;

export const compressGzip: (bytes: Buffer) => Promise<Buffer> = promisify(gzip);

/** Throws ERR_BUFFER_TOO_LARGE past the limit, and zlib's own error for bytes that are no gzip. */
export function inflateGzip(bytes: Buffer, outputBytesMax: number = INFLATED_BATCH_BYTES_MAX): Buffer {
  return gunzipSync(bytes, { maxOutputLength: outputBytesMax });
}
