import { Command } from "commander";
import type { Outcome } from "../command-line.js";
import { paint, say, writeData, type Terminal } from "../output/terminal.js";
import { addSettingsFlags, settingsOf } from "../settings-flags.js";

/** `lastknown topics`: creates all that a fleet needs on the servers. Running it again changes nothing. */
export function topicsCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const command = new Command("topics")
    .description("create the fleet: topics, schema subjects, and the fleet record; again changes nothing")
    .option("--json", "as JSON");
  addSettingsFlags(command, "tools");
  return command.action(async (options: { json?: true }) => {
    const { createFleet } = await import("../fleet/create-fleet.js");
    const { fleetLines } = await import("../fleet/print-fleet.js");
    const created = await createFleet(settingsOf(command));
    if (options.json === true) {
      await writeData(terminal, `${JSON.stringify(created, null, 2)}\n`);
    } else {
      await writeData(terminal, `${fleetLines(created).join("\n")}\n`);
    }
    for (const { topic, setting, wanted, found, fix } of created.differences) {
      const warning = `topic ${topic} has ${setting}=${found}, where ${wanted} is meant: ${fix}`;
      say(terminal, `${paint(terminal.messages, "yellow", "warning:")} ${warning}`);
    }
    finish(undefined);
  });
}
