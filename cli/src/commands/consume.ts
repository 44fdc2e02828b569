import { Command } from "commander";
import type { CreateCommand } from "../command-line.js";
import { addSettingsFlags } from "../settings-flags.js";

/** `lastknown consume`: a worker, until a signal stops it. */
export const consumeCommand: CreateCommand = () => {
  const command = new Command("consume").description("run a worker; runs until Ctrl-C or SIGTERM");
  return addSettingsFlags(command, "worker");
};
