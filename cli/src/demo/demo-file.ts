import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { recompute, type Recomputed } from "@lastknown/e2e";
import { generateSample, runReplay, type ReplayOptions, type ReplaySummary } from "@lastknown/producer";
import { FatalError, parseIsoTime, silentLogger, exitCodes, type Micros } from "@lastknown/shared";
import { BEYOND_THE_DEMO, type BeyondTheDemo } from "./beyond-the-demo.js";

const SAMPLE = { users: 50, rows: 10_000, seed: 7 };
/** What the replay should last, unless the file has more rows than this machine should be asked to take. */
const REPLAY_SECONDS = 12;
const ROWS_PER_SECOND_MAX = 3000;

/** Writes the sample file into the folder. */
export async function writeSample(directory: string): Promise<string> {
  const path = join(directory, "sample.csv");
  await pipeline(Readable.from(linesOf(generateSample(SAMPLE))), createWriteStream(path));
  return path;
}

function* linesOf(lines: Iterable<string>): Generator<string, void, undefined> {
  for (const line of lines) yield `${line}\n`;
}

/** @throws FatalError (usage) for options with which the demo could not check what it shows */
export function requireCheckable(options: ReplayOptions): void {
  const names = Object.keys(BEYOND_THE_DEMO) as BeyondTheDemo[];
  const found = names.find((name) => options[name] !== undefined && options[name] !== false);
  if (found === undefined) return;
  throw new FatalError(`the demo cannot check a replay with ${BEYOND_THE_DEMO[found]}`, {
    fix: "leave it out, or start the parts by hand: lastknown stack up, topics, consume, query, replay",
    exitCode: exitCodes.usage,
  });
}

/** What the file holds, as `replay --dry-run` tells. */
export async function surveyFile(options: ReplayOptions): Promise<ReplaySummary> {
  return await runReplay({ ...options, dryRun: true, rejects: undefined }, { logger: silentLogger });
}

/** The speed at which the replay lasts about REPLAY_SECONDS; `max` where the file has no span. */
export function demoSpeed(survey: ReplaySummary): number | "max" {
  const { firstSts, lastSts, rows } = survey;
  if (firstSts === null || lastSts === null) return "max";
  const spanSeconds = (microsOf(lastSts) - microsOf(firstSts)) / 1_000_000;
  const seconds = Math.max(REPLAY_SECONDS, rows / ROWS_PER_SECOND_MAX);
  return spanSeconds === 0 ? "max" : Math.max(1, Number((spanSeconds / seconds).toPrecision(2)));
}

export function microsOf(text: string): Micros {
  const parsed = parseIsoTime(text);
  if (parsed.kind !== "instant") throw new RangeError(`no moment: ${text}`);
  return parsed.micros;
}

/** Works out from the file alone, with the oracle's own code, what every answer has to be. */
export function recomputeFile(options: ReplayOptions, survey: ReplaySummary): Recomputed {
  const { columns } = survey;
  const { timeUnit, start, end } = options;
  return recompute(options.file, {
    ...given(
      options,
      "eventIdColumn",
      "notIdentity",
      "separator",
      "quote",
      "decimal",
      "zone",
      "types",
      "limit",
    ),
    userColumn: columns.user,
    timeColumn: columns.time,
    arrivalColumn: columns.arrival ?? columns.time,
    ...(timeUnit === undefined || timeUnit === "auto" ? {} : { timeUnit }),
    ...(start === undefined ? {} : { start: BigInt(start) }),
    ...(end === undefined ? {} : { end: BigInt(end) }),
  });
}

/** Those of the options that have a value. */
function given<Name extends keyof ReplayOptions>(
  options: ReplayOptions,
  ...names: readonly Name[]
): { [Given in Name]?: Exclude<ReplayOptions[Given], undefined> } {
  return Object.fromEntries(
    names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  ) as { [Given in Name]?: Exclude<ReplayOptions[Given], undefined> };
}
