import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { execPath } from "node:process";
import { promisify } from "node:util";

/** Beyond what is read within this time nothing is looked at. */
export type ProbeDepth = "quick" | "thorough";
export const PROBE_READ_MS_MAX: Readonly<Record<ProbeDepth, number>> = { quick: 2000, thorough: 60_000 };
/** For a machine that is busy, on top of the reading. */
const DEADLINE_MS = 15_000;

/** Reads every table from its beginning. A table that is not there counts as damage: they are made together. */
const PROBE = `
const [lmdb, path, readMs, ...tables] = process.argv.slice(1);
const { open } = (await import(lmdb)).default;
const binary = { encoding: "binary", keyEncoding: "binary" };
const root = open({ path, readOnly: true, maxDbs: tables.length, ...binary });
const deadline = Date.now() + Number(readMs);
for (const name of tables) {
  let entries = 0;
  for (const { value } of root.openDB(name, binary).getRange({})) {
    if (!(value instanceof Uint8Array)) process.exit(1);
    if (++entries % 1000 === 0 && Date.now() > deadline) process.exit(0);
  }
}
process.exit(0);
`;

/**
 * Why the LMDB file in this directory cannot be used, or undefined if it can. LMDB trusts its file: reading a
 * damaged one kills the process, so a child process reads it first.
 */
export async function lmdbDamage(
  directory: string,
  tables: readonly string[],
  readMsMax: number,
): Promise<string | undefined> {
  const lmdb = createRequire(import.meta.url).resolve("lmdb");
  const script = ["--input-type=module", "--eval", PROBE, lmdb, directory, String(readMsMax), ...tables];
  try {
    await promisify(execFile)(execPath, script, { timeout: readMsMax + DEADLINE_MS, env: {} });
    return undefined;
  } catch (error) {
    const { signal, code } = error as { signal?: string | null; code?: number | string | null };
    return `reading it ended with ${signal ?? `status ${String(code)}`}`;
  }
}
