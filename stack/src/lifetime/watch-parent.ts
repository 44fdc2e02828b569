import { identify, type ServerIdentity } from "./server-identity.js";

const WATCH_EVERY_MS = 250;

/** Who to watch so that the end of the parent (npm, a shell) is noticed; null where it is gone already. */
export function parentToWatch(): ServerIdentity | null {
  return process.ppid <= 1 ? null : (identify(process.ppid) ?? null);
}

/**
 * Calls back once when the program that started this one is gone: npm does not pass a SIGTERM on, and a SIGKILL
 * tells nobody. The watch alone keeps nothing running.
 * @returns a function that ends the watch.
 */
export function whenParentIsGone(callback: () => void): () => void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    callback();
  }, WATCH_EVERY_MS);
  watch.unref();
  return () => clearInterval(watch);
}
