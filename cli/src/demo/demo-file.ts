import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { recompute, type Recomputed } from "@lastknown/e2e";
import { generateSample, runReplay, type ReplayOptions, type ReplaySummary } from "@lastknown/producer";
import { FatalError, parseIsoTime, silentLogger, exitCodes, type Micros } from "@lastknown/shared";

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

/** Options that change what is published so that the oracle, which reads only the file, could not tell. */
const BEYOND_THE_ORACLE = [
  "zone",
  "types",
  "quote",
  "decimal",
  "start",
  "end",
  "turns",
  "live",
  "checkpoint",
] as const;

/** Refuses the options with which the check against the file would mean nothing. */
export function requireCheckable(options: ReplayOptions): void {
  const beyond = BEYOND_THE_ORACLE.filter((name) => options[name] !== undefined && options[name] !== false);
  const [name] = beyond;
  if (name === undefined || (name === "turns" && options.turns === 1)) return;
  throw new FatalError(`the demo cannot check a replay with ${name === "turns" ? "--loop" : `--${name}`}`, {
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
  const { timeUnit, eventIdColumn, notIdentity, separator, limit } = options;
  return recompute(options.file, {
    userColumn: columns.user,
    timeColumn: columns.time,
    arrivalColumn: columns.arrival ?? columns.time,
    ...(timeUnit === undefined || timeUnit === "auto" ? {} : { timeUnit }),
    ...(eventIdColumn === undefined ? {} : { eventIdColumn }),
    ...(notIdentity === undefined ? {} : { notIdentity }),
    ...(separator === undefined ? {} : { separator }),
    ...(limit === undefined ? {} : { limit }),
  });
}
