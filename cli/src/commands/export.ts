import { Command, Option } from "commander";
import type { Outcome } from "../command-line.js";
import { printCounted } from "../output/figures.js";
import { say, writeData, type Terminal } from "../output/terminal.js";
import { addSettingsFlags, settingsOf } from "../settings-flags.js";

interface ExportOptions {
  readonly format: "csv" | "ndjson";
  readonly user?: string;
  readonly from?: string;
  readonly to?: string;
}

/** `lastknown export`: the audit in arrival order, each arrival once, with its verdict. */
export function exportCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const command = new Command("export")
    .description("write the audit to standard output: every arrival once, in order, with its verdict")
    .addOption(
      new Option("--format <format>", "csv can be replayed").choices(["csv", "ndjson"]).default("csv"),
    )
    .option("--user <id>", "only this user's arrivals")
    .option("--from <time>", "only arrivals with this time_stamp or a later one")
    .option("--to <time>", "only arrivals with an earlier time_stamp");
  addSettingsFlags(command, "tools");
  return command.action(async (options: ExportOptions) => {
    const { runExport } = await import("../export/run-export.js");
    const { timeArgument, userArgument } = await import("../fleet/arguments.js");
    const result = await runExport({
      settings: settingsOf(command),
      format: options.format,
      choice: {
        user: userArgument(options.user),
        from: timeArgument("--from", options.from),
        to: timeArgument("--to", options.to),
      },
      onUnreadable: ({ topic, partition, offset, detail }) => {
        say(terminal, `left out: ${topic} partition ${partition} offset ${offset}, ${detail}`);
      },
      write: (text) => writeData(terminal, text),
    });
    say(terminal, `${printCounted(result.arrivals, "arrival")} exported`);
    if (result.replayHint !== undefined) say(terminal, `replay the file with: ${result.replayHint}`);
    finish(undefined);
  });
}
