import { readFileSync } from "node:fs";
import { hasErrorCode } from "../error-code.js";
import { identify, isRunning, type ServerIdentity } from "./server-identity.js";

const WATCH_EVERY_MS = 250;
const SHELLS = ["sh", "dash", "bash", "ash", "busybox"];

/**
 * Who to watch so that the end of the parent (npm, a shell) is noticed; null where it is gone already. npm runs a
 * script by a shell, which may stay between the two and outlive npm: then it is npm that is named.
 */
export function parentToWatch(): ServerIdentity | null {
  if (process.ppid <= 1) return null;
  const behindShell =
    process.env["npm_lifecycle_event"] === undefined ? undefined : parentOfShell(process.ppid);
  return identify(behindShell ?? process.ppid) ?? null;
}

/**
 * Calls back once when the program that started this one is gone: npm does not pass a SIGTERM on, and a SIGKILL
 * tells nobody. The watch alone keeps nothing running.
 * @returns a function that ends the watch.
 */
export function whenParentIsGone(callback: () => void): () => void {
  const parent = process.ppid;
  const watched = parentToWatch();
  const watch = setInterval(() => {
    if (process.ppid === parent && (watched === null || isRunning(watched))) return;
    clearInterval(watch);
    callback();
  }, WATCH_EVERY_MS);
  watch.unref();
  return () => clearInterval(watch);
}

/** Only where there is /proc; elsewhere npm's shell gives way to the script that it starts. */
function parentOfShell(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return SHELLS.includes(name) ? Number(parent) : undefined;
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}
