import { Command } from "commander";
import type { CreateCommand } from "../command-line.js";
import { addSettingsFlags, settingsOf } from "../settings-flags.js";

/** `lastknown consume`: a worker, until a signal stops it. */
export const consumeCommand: CreateCommand = () => {
  const command = new Command("consume").description("run a worker; it ends with Ctrl-C or SIGTERM");
  addSettingsFlags(command, "worker");
  return command.action(async () => {
    const settings = settingsOf(command);
    const { createLogger, runUntilStopped } = await import("@lastknown/shared");
    const { startWorker } = await import("@lastknown/consumer");
    const logger = createLogger(settings.log, { component: "worker" });
    await runUntilStopped({
      start: (signal) => startWorker(settings, { logger, signal }),
      stop: (worker) => worker.stop(),
      ended: (worker) => worker.ended,
      drainDeadlineMs: settings.worker.drainDeadlineMs,
      logger,
    });
  });
};
