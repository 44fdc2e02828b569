import { Option, type Command } from "commander";

/** A flag of the producer's table: commander's text of it, and what it does. */
export type ReplayFlag = readonly [flags: string, description: string];

const GROUP = "Replay:";

/** @param hidden long flags that are taken, but that the help leaves out */
export function addReplayFlags(
  command: Command,
  flags: readonly ReplayFlag[],
  hidden: readonly string[] = [],
): Command {
  for (const [text, description] of flags) {
    const option = new Option(text, description).helpGroup(GROUP);
    command.addOption(option.hideHelp(hidden.includes(option.long ?? "")));
  }
  return command;
}

/** The flags as they were given, to be handed on to another `lastknown replay`. */
export function givenReplayArguments(command: Command, flags: readonly ReplayFlag[]): string[] {
  const longs = new Set(flags.map(([text]) => new Option(text).long));
  return command.options.flatMap((option) => {
    if (option.long === undefined || !longs.has(option.long)) return [];
    const value: unknown = command.getOptionValue(option.attributeName());
    if (value === true) return [option.long];
    return typeof value === "string" ? [option.long, value] : [];
  });
}
