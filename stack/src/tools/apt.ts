import { readFile } from "node:fs/promises";
import { hasErrorCode } from "../error-code.js";
import { runCommand } from "../run-command.js";
import { StackError } from "../stack-error.js";

export const APT_BOUND_MS = 15 * 60_000;
/** Another installation, such as the system's own upgrades, may hold apt's lock for a while. */
const LOCK_WAIT = ["-o", "DPkg::Lock::Timeout=120"] as const;
const TAIL_LINES = 15;

/** Turns a command into one that runs as root. */
export type AsRoot = (command: readonly [string, ...string[]]) => [string, ...string[]];

/** How packages can be installed here; undefined where there is no apt-get, or it needs a password. */
export async function aptRights(): Promise<AsRoot | undefined> {
  return (await isDebianLike()) ? await rootRights() : undefined;
}

/** Undefined where that needs a password. */
async function rootRights(): Promise<AsRoot | undefined> {
  if (process.getuid?.() === 0) return (command) => [...command];
  try {
    const answer = await runCommand("sudo", ["-n", "true"], { boundMs: 10_000 });
    return answer.exitCode === 0 ? (command) => ["sudo", "-n", ...command] : undefined;
  } catch (error) {
    if (error instanceof StackError) return undefined;
    throw error;
  }
}

async function isDebianLike(): Promise<boolean> {
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(await readFile("/etc/os-release", "utf8"));
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** @throws StackError `tools-missing` with the end of what apt-get said */
export async function aptGet(asRoot: AsRoot, args: readonly string[]): Promise<void> {
  const [program, ...rest] = asRoot([
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "LC_ALL=C",
    "apt-get",
    "-q",
    ...LOCK_WAIT,
    ...args,
  ]);
  const result = await runCommand(program, rest, { boundMs: APT_BOUND_MS });
  if (result.exitCode === 0) return;
  const output = `${result.stdout.toString("utf8")}\n${result.stderr.toString("utf8")}`;
  const tail = output.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  throw new StackError("tools-missing", `apt-get ${args.join(" ")} failed:\n${tail}`);
}
