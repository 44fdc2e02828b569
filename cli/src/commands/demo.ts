import type { ReplayFlags } from "@lastknown/producer";
import { Command } from "commander";
import type { CreateCommand } from "../command-line.js";
import { BEYOND_THE_DEMO } from "../demo/beyond-the-demo.js";
import { addReplayFlags, givenReplayArguments } from "./replay-flags.js";

/** `lastknown demo`: all of it on this machine, shown and checked. */
export const demoCommand: CreateCommand = (terminal, finish, replayFlags) => {
  const command = new Command("demo")
    .description("start everything on this machine, replay a file, show the answers and check them all")
    .argument("[file]", "a CSV file of your own; a made-up one otherwise")
    .option("--exit", "end when all was shown, instead of waiting for Ctrl-C");
  addReplayFlags(command, replayFlags, Object.values(BEYOND_THE_DEMO));
  return command.action(async (file: string | undefined, options: ReplayFlags & { exit?: true }) => {
    const { parseReplayFlags } = await import("@lastknown/producer");
    const { runDemo } = await import("../demo/run-demo.js");
    const exitCode = await runDemo(terminal, {
      file,
      optionsFor: (path) => parseReplayFlags(path, options),
      replayArguments: givenReplayArguments(command, replayFlags),
      exit: options.exit === true,
    });
    finish(exitCode);
  });
};
