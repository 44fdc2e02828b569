import { requireWritableCheckpoint } from "../checkpoint/checkpoint.js";
import { openInput } from "../csv/open-input.js";
import { Rejections } from "../report/rejections.js";
import type { ReplaySummary } from "../report/replay-summary.js";
import { checkOptions, zoneOf } from "./check-options.js";
import type { ReplayDependencies } from "./replay-dependencies.js";
import { replayFile } from "./replay-file.js";
import type { ReplayOptions } from "./replay-options.js";
import { latestSchema } from "./register-schema.js";
import { ReplaySession } from "./replay-session.js";
import { replayStream } from "./replay-stream.js";
import { RowIntake, type IntakeFactory } from "./row-intake.js";

/**
 * Replays a CSV: each row becomes an event in the log, at its own moment.
 *
 * Resolves when every row is acknowledged (or counted, in a dry run), or when `signal` ended it early; rows that
 * could not be read are in the summary. Row n is acknowledged before a checkpoint says that n rows are done.
 *
 * @throws FatalError for a file, a header, a place to write to or options that cannot be used (usage), and for a
 *   registry that does not answer; KafkaUnavailableError, UnknownTopicError and the like from the log
 * @example
 *   const summary = await runReplay({ file: "cars.csv", speed: "max" }, { target, logger });
 */
export async function runReplay(
  options: ReplayOptions,
  dependencies: ReplayDependencies,
): Promise<ReplaySummary> {
  checkOptions(options);
  if (options.dryRun !== true && dependencies.target === undefined) {
    throw new TypeError("only a dry run goes without a target");
  }
  if (options.checkpoint !== undefined && options.dryRun !== true) {
    requireWritableCheckpoint(options.checkpoint);
  }
  const times = { unit: options.timeUnit ?? "auto", zone: zoneOf(options) } as const;
  const input = openInput(options.file, {
    stdin: dependencies.stdin ?? process.stdin,
    hashed: options.checkpoint !== undefined,
  });
  let opened: Rejections | undefined;
  try {
    const rejections = new Rejections(options.rejects);
    opened = rejections;
    if (dependencies.target !== undefined) dependencies.monitor?.enter("registering");
    const latest = await latestSchema(dependencies.target);
    const session = new ReplaySession({ options, dependencies, input, rejections });
    const makeIntake: IntakeFactory = (accept) =>
      new RowIntake({ options, times, latest, accept, reject: (rejection) => session.reject(rejection) });
    return await (options.file === "-" ? replayStream : replayFile)(session, makeIntake);
  } finally {
    input.close();
    opened?.close();
    dependencies.monitor?.enter("ended");
  }
}
