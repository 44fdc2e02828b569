import { Command } from "commander";
import type { CreateCommand } from "../command-line.js";
import { addSettingsFlags, settingsOf } from "../settings-flags.js";

/** `lastknown query`: the query service, until a signal stops it. */
export const queryCommand: CreateCommand = () => {
  const command = new Command("query").description("answer over HTTP; it ends with Ctrl-C or SIGTERM");
  addSettingsFlags(command, "query");
  return command.action(async () => {
    const settings = settingsOf(command);
    const { createLogger, runUntilStopped } = await import("@lastknown/shared");
    const { startQuery } = await import("@lastknown/query");
    const logger = createLogger(settings.log, { component: "query" });
    await runUntilStopped({
      start: (signal) => startQuery(settings, { logger, signal }),
      stop: (query) => query.stop(),
      ended: (query) => query.ended,
      drainDeadlineMs: settings.query.drainDeadlineMs,
      logger,
    });
  });
};
