import { ReplayMonitor } from "@lastknown/producer";
import { createMetrics, startOperationsServer } from "@lastknown/shared";
import type { Settings } from "@lastknown/shared/settings";
import { quietLogger } from "../fleet/fleet-servers.js";
import { say, type Terminal } from "../output/terminal.js";

/**
 * Answers `/livez`, `/readyz` and `/metrics` on the port of the settings for as long as `work` lasts, and says
 * where.
 *
 * @throws FatalError (usage) if the port cannot be had
 */
export async function withReplayOperations<Result>(
  settings: Settings,
  terminal: Terminal,
  work: (monitor: ReplayMonitor) => Promise<Result>,
): Promise<Result> {
  const metrics = createMetrics();
  const monitor = new ReplayMonitor(metrics);
  const { host } = settings.operations;
  const operations = await startOperationsServer({
    ...settings.operations,
    metrics,
    logger: quietLogger(settings),
    live: {},
    ready: { replay: () => monitor.ready() },
  });
  say(terminal, `/livez, /readyz and /metrics on http://${host}:${operations.port}`);
  try {
    return await work(monitor);
  } finally {
    await operations.close();
  }
}
