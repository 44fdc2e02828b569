import { Command, InvalidArgumentError } from "commander";
import type { Outcome } from "../command-line.js";
import { say, writeData, type Terminal } from "../output/terminal.js";
import { addSettingsFlags, settingsOf } from "../settings-flags.js";
import { wholeNumber } from "./arguments.js";

/** `lastknown dlq`: looks at dead letters without a group, so that looking takes nothing away. */
export function deadLettersCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const deadLetters = new Command("dlq").description("look at records that could not be read");
  deadLetters.addCommand(listCommand(terminal, finish));
  deadLetters.addCommand(showCommand(terminal, finish));
  return deadLetters;
}

function listCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const command = new Command("list")
    .description(
      "one line per record that was dead-lettered; where that happened again, its last dead letter",
    )
    .option("--limit <count>", "at most so many", wholeNumber({ min: 1, max: 1_000_000 }), 100)
    .option("--json", "one JSON object per line");
  addSettingsFlags(command, "tools");
  return command.action(async (options: { limit: number; json?: true }) => {
    const { withLogReader } = await import("../fleet/fleet-servers.js");
    const { lastDeadLetters } = await import("../dead-letters/read-dead-letters.js");
    const { listedDeadLetter } = await import("../dead-letters/dead-letter.js");
    const { deadLetterJson, deadLetterLines } = await import("../dead-letters/print-dead-letter.js");
    const settings = settingsOf(command);
    const { limit } = options;
    const found = await withLogReader(settings, async (reader, { deadLetterTopic: topic }) => {
      if (options.json === true)
        return await lastDeadLetters(reader, topic, { limit, listed: deadLetterJson });
      const { letters, more } = await lastDeadLetters(reader, topic, { limit, listed: listedDeadLetter });
      return { letters: deadLetterLines(letters, terminal.data.columns), more };
    });
    const lines = found.letters;
    if (lines.length > 0) await writeData(terminal, `${lines.join("\n")}\n`);
    else say(terminal, "no dead letters");
    if (found.more) say(terminal, `there are more than --limit ${limit}`);
    finish(undefined);
  });
}

function showCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const command = new Command("show")
    .description("one dead letter: its headers and its bytes")
    .argument("<partition/offset>", "where it stands, as dlq list tells", placeArgument)
    .option("--raw", "its bytes alone, to standard output; messages say so where they are cut")
    .option("--json", "as JSON: the bytes, and headers that are no UTF-8, in base64");
  addSettingsFlags(command, "tools");
  return command.action(async (place: Place, options: { raw?: true; json?: true }) => {
    const { withLogReader } = await import("../fleet/fleet-servers.js");
    const { readDeadLetter } = await import("../dead-letters/read-dead-letters.js");
    const { cutNote, deadLetterDetails, deadLetterJson, noSuchDeadLetter } =
      await import("../dead-letters/print-dead-letter.js");
    const letter = await withLogReader(settingsOf(command), async (reader, names) => {
      const found = await readDeadLetter(reader, names.deadLetterTopic, place);
      if (found === undefined) throw noSuchDeadLetter(names.deadLetterTopic, place);
      return found;
    });
    if (options.raw === true) {
      terminal.data.write(letter.value);
      const note = cutNote(letter);
      if (note !== undefined) say(terminal, note);
    } else if (options.json === true) await writeData(terminal, `${deadLetterJson(letter)}\n`);
    else await writeData(terminal, `${deadLetterDetails(letter).join("\n")}\n`);
    finish(undefined);
  });
}

interface Place {
  readonly partition: number;
  readonly offset: number;
}

function placeArgument(text: string): Place {
  const match = /^(\d{1,9})[/:](\d{1,15})$/.exec(text);
  if (match === null) throw new InvalidArgumentError("It must be partition/offset, like 3/0.");
  return { partition: Number(match[1]), offset: Number(match[2]) };
}
