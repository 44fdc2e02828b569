import { CommanderError } from "commander";
import { paint, say, type Terminal } from "./output/terminal.js";

/** What the process answers with; the table of shared/src/errors, in which 2 stands for a wrong call. */
const USAGE = 2;
const FAILED = 1;
const UNREACHABLE = 4;

/** Commander's way to end after it printed what was asked for. */
const ENDS_WELL: ReadonlySet<string> = new Set(["commander.helpDisplayed", "commander.version"]);

/**
 * Tells a person in one line what went wrong, where, and what to do, and gives the exit code. The stack and its
 * causes come only with `--verbose`.
 */
export async function reportFailure(error: unknown, terminal: Terminal, verbose: boolean): Promise<number> {
  if (error instanceof CommanderError) return reportWrongCall(error, terminal);
  const { line, exitCode } = await explain(error);
  say(terminal, `${paint(terminal.messages, "red", "lastknown:")} ${line}`);
  if (verbose) for (const trace of stacksOf(error)) say(terminal, trace);
  return exitCode;
}

function reportWrongCall(error: CommanderError, terminal: Terminal): number {
  if (ENDS_WELL.has(error.code)) return 0;
  // Help that came because no command was named is its own explanation.
  if (error.code !== "commander.help") {
    const text = error.message.replace(/^error: /, "").replaceAll("\n", " ");
    say(
      terminal,
      `${paint(terminal.messages, "red", "lastknown:")} ${text}; see lastknown --help or lastknown <command> --help`,
    );
  }
  return USAGE;
}

/** Loaded only here: the quick ways through the program do not need the vendors that come with it. */
async function explain(error: unknown): Promise<{ line: string; exitCode: number }> {
  const { describeError, FatalError, KafkaUnavailableError, RegistryUnavailableError } =
    await import("@lastknown/shared");
  if (error instanceof FatalError) {
    // What goes over several lines (all wrong settings, a log's end) has its fix on a line of its own.
    const several = error.message.includes("\n");
    const line = several ? `${error.message}\n${error.fix}` : describeError(error);
    return { line, exitCode: error.exitCode };
  }
  const line = describeError(error);
  if (error instanceof KafkaUnavailableError || error instanceof RegistryUnavailableError) {
    return { line, exitCode: UNREACHABLE };
  }
  if (error instanceof Error && "exitCode" in error && typeof error.exitCode === "number") {
    return { line, exitCode: error.exitCode };
  }
  return { line, exitCode: FAILED };
}

const CAUSES_MAX = 8;

function stacksOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let cause = error; cause instanceof Error && stacks.length < CAUSES_MAX; cause = cause.cause) {
    stacks.push(cause.stack ?? cause.message);
  }
  return stacks;
}
