import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A judged file is held in memory whole; longer ones are refused. */
const FILE_BYTES_MAX = 512 * 1024 * 1024;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes of a text file, unpacked if they are gzipped (told by their first bytes), without a byte order mark. */
export function readBytes(path: string): Buffer {
  const stored = readFileSync(path);
  const gzipped = stored[0] === 0x1f && stored[1] === 0x8b;
  const bytes = gzipped ? gunzipSync(stored, { maxOutputLength: FILE_BYTES_MAX }) : stored;
  const marked = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return marked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}
