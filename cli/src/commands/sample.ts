import { Command } from "commander";
import type { Outcome } from "../command-line.js";
import { writeData, type Terminal } from "../output/terminal.js";
import { wholeNumber } from "./arguments.js";

const LINES_PER_WRITE = 500;

/** `lastknown sample`: a made-up fleet of vehicles, as hostile as real data, as CSV on standard output. */
export function sampleCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  return new Command("sample")
    .description("write a made-up CSV file, as hostile as real data, to standard output")
    .option("--users <count>", "vehicles in the fleet", wholeNumber({ min: 1, max: 1_000_000 }), 50)
    .option("--rows <count>", "rows after the header", wholeNumber({ min: 0, max: 1_000_000_000 }), 10_000)
    .option(
      "--seed <number>",
      "the same seed gives the same file",
      wholeNumber({ min: 0, max: 2 ** 32 - 1 }),
      7,
    )
    .action(async (options: { users: number; rows: number; seed: number }) => {
      const { generateSample } = await import("@lastknown/producer");
      let lines: string[] = [];
      for (const line of generateSample(options)) {
        lines.push(line);
        if (lines.length < LINES_PER_WRITE) continue;
        await writeData(terminal, `${lines.join("\n")}\n`);
        lines = [];
      }
      if (lines.length > 0) await writeData(terminal, `${lines.join("\n")}\n`);
      finish(undefined);
    });
}
