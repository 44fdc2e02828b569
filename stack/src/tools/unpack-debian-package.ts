import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../run-command.js";
import { StackError } from "../stack-error.js";

const DOWNLOAD_BOUND_MS = 120_000;
const UNPACK_BOUND_MS = 60_000;

/**
 * Fetches a package of Debian's or Ubuntu's and unpacks it into a folder: nothing is installed, and no rights are
 * needed. It is unpacked beside the folder and moved there whole, so that a run that is cut off leaves no half.
 *
 * @throws StackError `tools-missing` where that cannot be done here
 */
export async function unpackDebianPackage(name: string, folder: string): Promise<void> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const workplace = await mkdtemp(join(parent, `${name}-`));
  try {
    await run("apt-get", ["download", name], workplace, DOWNLOAD_BOUND_MS);
    const file = (await readdir(workplace)).find((entry) => entry.endsWith(".deb"));
    if (file === undefined) throw new StackError("tools-missing", "apt-get downloaded nothing");
    await run("dpkg-deb", ["-x", file, "unpacked"], workplace, UNPACK_BOUND_MS);
    if (!existsSync(folder)) await rename(join(workplace, "unpacked"), folder);
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

async function run(command: string, args: readonly string[], cwd: string, boundMs: number): Promise<void> {
  const env = { ...process.env, LC_ALL: "C" };
  const { exitCode, stdout, stderr } = await runCommand(command, args, { cwd, boundMs, env });
  if (exitCode === 0) return;
  const said = `${stdout.toString()}${stderr.toString()}`.trim().split("\n").at(-1) ?? "";
  throw new StackError("tools-missing", `${command} says: ${said}`);
}
