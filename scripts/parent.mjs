// A SIGTERM or SIGKILL to npm is not passed on to the script that it runs, and a shell may stand between the two.

import { readFileSync } from "node:fs";

const WATCH_EVERY_MS = 250;
const SHELLS = ["sh", "dash", "bash", "ash", "busybox"];

/** Calls back once when the program that started this one is gone. The watch alone keeps nothing running. */
export function whenParentIsGone(callback) {
  const before = ancestors();
  const watch = setInterval(() => {
    if (ancestors() === before) return;
    clearInterval(watch);
    callback();
  }, WATCH_EVERY_MS);
  watch.unref();
}

/** The parent's pid, and npm's where npm put a shell between: whoever is orphaned gets another parent. */
function ancestors() {
  const parent = process.ppid;
  const shell = process.env.npm_lifecycle_event === undefined ? undefined : shellWith(parent);
  return shell === undefined ? `${parent}` : `${parent} ${shell.ppid}`;
}

/** Only where there is /proc; elsewhere npm's shell gives way to the script that it starts. */
function shellWith(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const [, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return SHELLS.includes(name) ? { ppid } : undefined;
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ESRCH") return undefined;
    throw error;
  }
}
