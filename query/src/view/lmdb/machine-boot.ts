import { readFile } from "node:fs/promises";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** Names this run of the machine; another text after it went down. Where none is told, each start counts as one. */
export async function machineBoot(startedAt: string): Promise<string> {
  try {
    return (await readFile(BOOT_ID, "utf8")).trim();
  } catch {
    // Not Linux: then only a view that was closed in order is trusted.
    return `unknown, asked at ${startedAt}`;
  }
}
