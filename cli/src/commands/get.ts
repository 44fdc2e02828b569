import { Command } from "commander";
import type { Outcome } from "../command-line.js";
import { writeData, type Terminal } from "../output/terminal.js";
import { addSettingsFlags, settingsOf } from "../settings-flags.js";

interface GetOptions {
  readonly at?: string;
  readonly knownAt?: string;
}

/** `lastknown get`: one user's state, asked from the query service. */
export function getCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const command = new Command("get")
    .description("ask the query service for a user's state, now or at any moment, as JSON")
    .argument("<user>", "the user's id")
    .option("--at <time>", "what was true then, by all that we know now")
    .option("--known-at <time>", "the newest of what we had received by then");
  addSettingsFlags(command, "tools");
  return command.action(async (user: string, options: GetOptions) => {
    const { QueryClient } = await import("../query-client/query-client.js");
    const { userArgument } = await import("../fleet/arguments.js");
    userArgument(user);
    const { host, port } = settingsOf(command).query;
    const answer = await new QueryClient({ host, port }).state(user, {
      at: options.at,
      knownAt: options.knownAt,
    });
    await writeData(terminal, `${JSON.stringify(answer, null, 2)}\n`);
    finish(undefined);
  });
}
