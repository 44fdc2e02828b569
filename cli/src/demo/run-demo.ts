import { judgeAnswers, type AnswersJudgement, type Recomputed } from "@lastknown/e2e";
import type { ReplayOptions, ReplaySummary } from "@lastknown/producer";
import { exitCodes, type ExitCode } from "@lastknown/shared";
import type { Terminal } from "../output/terminal.js";
import { recomputeFile, requireCheckable, surveyFile, writeSample } from "./demo-file.js";
import { DemoLifetime } from "./demo-lifetime.js";
import { DemoReport } from "./demo-report.js";
import { startDemoServers, type DemoServers } from "./demo-servers.js";
import { measureReplay } from "./measure-delays.js";
import { replayWatched } from "./replay-watched.js";
import { step } from "./step.js";

export interface DemoOptions {
  /** The user's own file; the sample unless given. */
  readonly file: string | undefined;
  /** What the user's replay flags say of a file. */
  readonly optionsFor: (file: string) => ReplayOptions;
  /** The same flags as arguments. */
  readonly replayArguments: readonly string[];
  /** End when all was shown, instead of waiting for Ctrl-C. */
  readonly exit: boolean;
}

/**
 * Sets up everything, replays a file through it, shows the answers and checks them all against an independent
 * recomputation of the file.
 *
 * @returns the exit code: 1 where an answer is wrong, else as `replay` has it: 3 where rows were rejected
 */
export async function runDemo(terminal: Terminal, options: DemoOptions): Promise<number> {
  const lifetime = new DemoLifetime(terminal);
  try {
    const exitCode = await showDemo(terminal, options, lifetime);
    if (!options.exit) {
      lifetime.shown(exitCode);
      await lifetime.untilSignal();
    }
    return exitCode;
  } catch (error) {
    // What fails because everything is being stopped is no news: the signal ends the process.
    if (lifetime.signal.aborted) await lifetime.untilSignal();
    throw error;
  } finally {
    await lifetime.end();
  }
}

async function showDemo(terminal: Terminal, options: DemoOptions, lifetime: DemoLifetime): Promise<ExitCode> {
  requireCheckable(options.optionsFor(options.file ?? ""));
  if (options.file !== undefined) {
    // A file that cannot be read is told before servers are started for it.
    await surveyFile(options.optionsFor(options.file));
  }
  const servers = await startDemoServers(terminal, lifetime);
  const file = options.file ?? (await writeSample(servers.directory));
  const replayOptions = options.optionsFor(file);
  const { survey, recomputed } = await step(terminal, "recomputing the file independently", async () => {
    const surveyed = await surveyFile(replayOptions);
    return { survey: surveyed, recomputed: recomputeFile(replayOptions, surveyed) };
  });
  const users = [...recomputed.timelines.keys()];
  const replayed = await replayWatched({
    terminal,
    servers,
    signal: lifetime.signal,
    replayOptions,
    replayArguments: options.replayArguments,
    survey,
    users,
  });

  const report = new DemoReport(terminal, servers);
  await report.replayed(options.file === undefined ? "the sample file" : file, replayed);
  await report.latest(users);
  await report.twoClocks(recomputed.timelines);
  const judgement = await step(terminal, "asking for every answer, to check it", () =>
    check(servers, recomputed),
  );
  const allRight = await report.checked(judgement);
  await report.figures(await measureReplay(servers, replayed));
  await report.addresses(users, options.exit);
  return outcomeOf(allRight, replayed.summary);
}

/** What the demo's end tells: wrong answers before rejected rows. */
export function outcomeOf(allRight: boolean, { exitCode }: Pick<ReplaySummary, "exitCode">): ExitCode {
  return allRight ? exitCode : exitCodes.failed;
}

function check(servers: DemoServers, { timelines }: Recomputed): Promise<AnswersJudgement> {
  return judgeAnswers(timelines, { baseUrl: `http://127.0.0.1:${servers.queryPort}` });
}
