import { Command } from "commander";
import type { CreateCommand } from "../command-line.js";
import { addReplayFlags } from "./replay-flags.js";

export const demoCommand: CreateCommand = (_terminal, _finish, replayFlags) =>
  addReplayFlags(
    new Command("demo").description("all of it on this machine, shown and checked"),
    replayFlags,
  );
