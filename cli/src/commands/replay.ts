import type { ReplayFlags, ReplayMonitor } from "@lastknown/producer";
import { Command, Option } from "commander";
import type { Outcome } from "../command-line.js";
import { say, writeData, type Terminal } from "../output/terminal.js";
import { addSettingsFlags, settingsOf } from "../settings-flags.js";
import { addReplayFlags, type ReplayFlag } from "./replay-flags.js";

interface OutputOptions {
  readonly progress: "auto" | "plain" | "none";
  readonly json?: true;
  readonly operationsPort?: string;
}

/** `lastknown replay`: makes each row of a CSV file an event, at its own moment. */
export function replayCommand(
  terminal: Terminal,
  finish: (outcome: Outcome) => void,
  replayFlags: readonly ReplayFlag[],
): Command {
  const command = new Command("replay")
    .description("replay a CSV file: each row becomes an event when it was received, at any speed")
    .argument("<file>", "a CSV file, also gzipped, or - for standard input");
  addReplayFlags(command, replayFlags)
    .addOption(
      new Option("--progress <how>", "a bar on a terminal (auto), lines (plain), or none")
        .choices(["auto", "plain", "none"])
        .default("auto"),
    )
    .option("--json", "the report as JSON, to standard output")
    .option(
      "--operations-port <port>",
      "answer /livez, /readyz and /metrics there while it runs; 0 takes any free port and says it; off otherwise",
    );
  addSettingsFlags(command, "replay");
  return command.action(async (file: string, options: ReplayFlags & OutputOptions) => {
    const { parseReplayFlags } = await import("@lastknown/producer");
    const { replayOnServers } = await import("../replay/replay-on-servers.js");
    const { withReplayOperations } = await import("../replay/replay-operations.js");
    const { createProgressDisplay } = await import("../replay/progress-display.js");
    const { reportLines } = await import("../replay/print-report.js");
    const progress = createProgressDisplay(terminal.messages, options.progress);
    const replayOptions = parseReplayFlags(file, options);
    const settings = settingsOf(command);
    const replay = (monitor?: ReplayMonitor): ReturnType<typeof replayOnServers> =>
      replayOnServers(settings, replayOptions, { progress, monitor });
    // Many replays may run side by side, so the port that the environment names for a worker is none of theirs.
    const isObserved = options.operationsPort !== undefined;
    const { summary, exitCode } = await (isObserved
      ? withReplayOperations(settings, terminal, replay)
      : replay());
    if (options.json === true) await writeData(terminal, `${JSON.stringify(summary)}\n`);
    else for (const line of reportLines(summary)) say(terminal, line);
    finish(exitCode);
  });
}
