import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Does some work in a folder of its own, which goes with the work, or with this program where that ends before, short
 * of SIGKILL.
 *
 * @param prefix begins the folder's name
 */
export async function inFolder<Result>(
  prefix: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.on("exit", removeAtExit);
  try {
    return await work(folder);
  } finally {
    process.off("exit", removeAtExit);
    await rm(folder, { recursive: true, force: true });
  }
}
