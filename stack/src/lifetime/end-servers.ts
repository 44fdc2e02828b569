import { setTimeout as sleep } from "node:timers/promises";
import { isRunning, type ServerIdentity, signalServer } from "./server-identity.js";

const POLL_EVERY_MS = 20;
/** SIGKILL cannot be refused; this is for the kernel to take the memory back. */
const KILL_BOUND_MS = 10_000;

/**
 * Ends servers together: SIGTERM, then SIGKILL for those that still run after `graceMs` (0: SIGKILL at once).
 * A stopped one (SIGSTOP) is woken, or it could not hear the first.
 * @returns those that run even so; empty but for a broken kernel or a lack of rights.
 */
export async function endServers(
  servers: readonly ServerIdentity[],
  graceMs: number,
): Promise<readonly ServerIdentity[]> {
  let running: readonly ServerIdentity[] = servers.filter(isRunning);
  if (graceMs > 0) {
    for (const server of running) {
      signalServer(server, "SIGTERM");
      signalServer(server, "SIGCONT");
    }
    running = await stillRunningAfter(running, graceMs);
  }
  for (const server of running) signalServer(server, "SIGKILL");
  return stillRunningAfter(running, KILL_BOUND_MS);
}

async function stillRunningAfter(
  servers: readonly ServerIdentity[],
  boundMs: number,
): Promise<readonly ServerIdentity[]> {
  const startedMs = performance.now();
  let running = servers.filter(isRunning);
  while (running.length > 0 && performance.now() - startedMs < boundMs) {
    await sleep(POLL_EVERY_MS);
    running = running.filter(isRunning);
  }
  return running;
}
