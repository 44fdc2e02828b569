import { Command } from "commander";
import type { Outcome } from "../command-line.js";
import { printable, shortened, tableLines } from "../output/table.js";
import { writeData, type Terminal } from "../output/terminal.js";
import { addAllSettingsFlags, settingsOf } from "../settings-flags.js";

/** In characters; `--json` has all of a longer one. */
const VALUE_WIDTH_MAX = 60;

/** `lastknown config`: each effective value and where it came from. */
export function configCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const command = new Command("config")
    .description("print each setting's effective value and where it came from")
    .option("--json", "as JSON");
  addAllSettingsFlags(command);
  return command.action(async (options: { json?: true }) => {
    const { effective } = settingsOf(command);
    if (options.json === true) {
      const rows = effective.map(({ name, text, source }) => ({ name, value: text, source }));
      await writeData(terminal, `${JSON.stringify(rows, null, 2)}\n`);
    } else {
      const rows = effective.map(({ name, text, source }) => [
        name,
        shortened(printable(text), VALUE_WIDTH_MAX),
        source,
      ]);
      const lines = tableLines([{ title: "SETTING" }, { title: "VALUE" }, { title: "FROM" }], rows);
      await writeData(terminal, `${lines.join("\n")}\n`);
    }
    finish(undefined);
  });
}
