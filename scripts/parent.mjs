// A SIGTERM or SIGKILL to npm is not passed on to the script that it runs.

const WATCH_EVERY_MS = 250;

/** Calls back once when the program that started this one is gone. The watch alone keeps nothing running. */
export function whenParentIsGone(callback) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    callback();
  }, WATCH_EVERY_MS);
  watch.unref();
}
