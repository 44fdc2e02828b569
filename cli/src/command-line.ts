import { Command } from "commander";
import { configCommand } from "./commands/config.js";
import { consumeCommand } from "./commands/consume.js";
import { deadLettersCommand } from "./commands/dead-letters.js";
import { demoCommand } from "./commands/demo.js";
import { exportCommand } from "./commands/export.js";
import { getCommand } from "./commands/get.js";
import { lagCommand } from "./commands/lag.js";
import { queryCommand } from "./commands/query.js";
import type { ReplayFlag } from "./commands/replay-flags.js";
import { replayCommand } from "./commands/replay.js";
import { sampleCommand } from "./commands/sample.js";
import { stackCommand } from "./commands/stack.js";
import { topicsCommand } from "./commands/topics.js";
import { reportFailure } from "./failure.js";
import type { Terminal } from "./output/terminal.js";

/** What a command gives: its exit code, or nothing where it simply did what was asked. */
export type Outcome = number | undefined;

/** What each command's file gives: the command, which tells `finish` its outcome. */
export type CreateCommand = (
  terminal: Terminal,
  finish: (outcome: Outcome) => void,
  replayFlags: readonly ReplayFlag[],
) => Command;

/**
 * Runs one call of `lastknown` and gives its exit code. Only the chosen command loads the packages that it needs,
 * so help comes at once.
 *
 * @param args without the program's own name, as in `["lag", "--json"]`
 */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const finish = (outcome: Outcome): void => {
    exitCode = outcome ?? 0;
  };
  try {
    const program = createProgram(terminal, finish, await replayFlagsFor(args));
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return await reportFailure(error, terminal, args.includes("--verbose"));
  }
}

/** Of this repository: all its packages have one version. */
const VERSION = "0.1.0";

/** In the order in which a newcomer meets them. */
const COMMANDS: readonly CreateCommand[] = [
  demoCommand,
  stackCommand,
  topicsCommand,
  sampleCommand,
  replayCommand,
  consumeCommand,
  queryCommand,
  lagCommand,
  getCommand,
  deadLettersCommand,
  exportCommand,
  configCommand,
];

const AFTER_HELP = `
Try it:      lastknown demo
By hand:     lastknown stack up && eval "$(lastknown stack env)" && lastknown topics
Exit codes:  0 done, 1 failed, 2 usage or configuration, 3 done but rows were rejected,
             4 a server cannot be reached, 130 and 143 ended by a signal`;

/** Two commands know the producer's flags; the others need not wait until it is loaded. */
async function replayFlagsFor(args: readonly string[]): Promise<readonly ReplayFlag[]> {
  if (!args.some((arg) => arg === "replay" || arg === "demo")) return [];
  const { REPLAY_FLAGS } = await import("@lastknown/producer");
  return REPLAY_FLAGS;
}

function createProgram(
  terminal: Terminal,
  finish: (outcome: Outcome) => void,
  replayFlags: readonly ReplayFlag[],
): Command {
  const program = new Command("lastknown")
    .description("What each user's state is now, what it was at any moment, and how we know.")
    .version(VERSION, "-V, --version", "print the version")
    .option("--verbose", "print the stack traces of errors")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText("after", AFTER_HELP);
  for (const create of COMMANDS) program.addCommand(create(terminal, finish, replayFlags));
  speakThrough(program, terminal);
  return program;
}

const HELP_WIDTH = 80;
/** The longest flags leave this much for what they do. */
const WRAP_WIDTH_MIN = 24;

/** Commander writes where we write, and throws where it would end the process. */
function speakThrough(command: Command, terminal: Terminal): void {
  command.exitOverride((error) => {
    throw error;
  });
  command.configureOutput({
    writeOut: (text) => void terminal.data.write(text),
    writeErr: (text) => void terminal.messages.write(text),
    // reportFailure says it, in one line.
    outputError: () => undefined,
    getOutHelpWidth: () => terminal.data.columns ?? HELP_WIDTH,
    getErrHelpWidth: () => terminal.messages.columns ?? HELP_WIDTH,
  });
  command.configureHelp({ minWidthToWrap: WRAP_WIDTH_MIN });
  for (const child of command.commands) speakThrough(child, terminal);
}
