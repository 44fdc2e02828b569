import { loadSettings, settingsTable, type Settings, type SettingRow } from "@lastknown/shared/settings";
import { Option, type Command } from "commander";

export type SettingUser = SettingRow["usedBy"][number];

/** Shown in the help of each command that asks servers; all others work too and are shown by `config --help`. */
const OFTEN_USED: ReadonlySet<string> = new Set([
  "config",
  "fleet",
  "kafka-brokers",
  "registry-url",
  "redis-nodes",
  "query-port",
  "operations-port",
  "data-directory",
]);

const GROUP = "Settings (each also an environment variable; all: lastknown config --help):";

/** Gives the command a flag for each setting that such a process reads. */
export function addSettingsFlags(command: Command, user: SettingUser): Command {
  for (const row of settingsTable) {
    if (row.usedBy.includes(user)) command.addOption(flagOf(row, OFTEN_USED.has(row.name)));
  }
  return command;
}

/** Gives the command every setting's flag, all shown in its help. */
export function addAllSettingsFlags(command: Command): Command {
  for (const row of settingsTable) command.addOption(flagOf(row, true));
  return command;
}

function flagOf(row: SettingRow, shown: boolean): Option {
  const isSwitch = row.default === "on" || row.default === "off";
  const option = new Option(`${row.flag} ${isSwitch ? "[on|off]" : "<value>"}`, describe(row));
  return option.helpGroup(GROUP).hideHelp(!shown);
}

function describe({ doc, default: value }: SettingRow): string {
  return value === "" ? doc : `${doc} (default: ${value})`;
}

/** The settings' flags that were given, by the settings' names. */
export function settingsFlagsOf(command: Command): Record<string, string> {
  const known = new Set(settingsTable.map((row) => row.flag));
  const flags: Record<string, string> = {};
  for (const option of command.options) {
    if (option.long === undefined || option.long === null || !known.has(option.long)) continue;
    const value: unknown = command.getOptionValue(option.attributeName());
    // A switch without a value is one that was turned on.
    const text = value === true ? "on" : value;
    if (typeof text === "string") flags[option.long.slice("--".length)] = text;
  }
  return flags;
}

/** Flag > environment > file > default. Throws one SettingsError that names all that is wrong. */
export function settingsOf(command: Command): Settings {
  return loadSettings({ flags: settingsFlagsOf(command) });
}
