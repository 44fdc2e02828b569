import { setTimeout as sleep } from "node:timers/promises";

/**
 * Resolves when it is so, as long as all of the fleet runs.
 * @param {() => boolean | Promise<boolean>} isSo
 * @param {{ fleet: { requireRunning(): void }, what: string, boundMs: number, everyMs: number }} options
 */
export async function untilSo(isSo, { fleet, what, boundMs, everyMs }) {
  const deadlineMs = performance.now() + boundMs;
  while (!(await isSo())) {
    fleet.requireRunning();
    if (performance.now() > deadlineMs) throw new Error(`not so within ${boundMs / 1000} s: ${what}`);
    await sleep(everyMs);
  }
}
