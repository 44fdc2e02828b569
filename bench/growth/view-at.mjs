import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const PROGRAM = fileURLToPath(new URL("measure-view.mjs", import.meta.url));
const BOUND_MS = 3_600_000;

/**
 * A view of one size, measured in a process of its own: what one leaves in memory must not cost the next.
 * @param {{ grows: string, store: string, users: number, arrivals: number, lateness: string }} size
 * @param {{ directory: string, signal: AbortSignal }} place
 */
export async function viewAt({ grows, ...size }, { directory, signal }) {
  const folder = await mkdtemp(join(directory, "view-"));
  const flags = Object.entries({ ...size, folder }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...flags], {
      timeout: BOUND_MS,
      signal,
    });
    return { grows, ...size, ...JSON.parse(stdout) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
