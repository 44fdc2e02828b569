import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FatalError, exitCodes } from "@lastknown/shared";
import { Zone } from "../rows/zone.js";
import type { ReplayOptions } from "./replay-options.js";

/**
 * Refuses options that contradict each other, before anything is opened.
 *
 * @throws FatalError (usage)
 */
export function checkOptions(options: ReplayOptions): void {
  const { file, checkpoint, rejects, turns = 1, speed, rate, start, end, maxGap } = options;
  for (const written of [checkpoint, rejects]) {
    if (written !== undefined && realPath(written) === realPath(file)) {
      throw usage(
        `${file} would be read and overwritten`,
        "name another file with --checkpoint or --rejects",
      );
    }
  }
  if (checkpoint !== undefined && rejects !== undefined && realPath(checkpoint) === realPath(rejects)) {
    throw usage("--checkpoint and --rejects name one file", "give each a file of its own");
  }
  if (file === "-" && checkpoint !== undefined) {
    throw usage(
      "--checkpoint needs a file: standard input cannot be read again",
      "save the stream to a file first",
    );
  }
  if (file === "-" && turns > 1) {
    throw usage(
      "--loop needs a file: standard input cannot be read again",
      "save the stream to a file first",
    );
  }
  if (rate !== undefined && speed !== undefined && speed !== "max") {
    throw usage("--rate and --speed both set the pace", "give one of them");
  }
  if (rate !== undefined && maxGap !== undefined) {
    throw usage("--max-gap shortens the rows' own time, which --rate does not use", "give one of them");
  }
  if (start !== undefined && end !== undefined && start >= end) {
    throw usage("--start is not before --end", "give a span of time that is not empty");
  }
}

/**
 * Where a path leads, through symbolic links; what is not there yet is where it would be, in the folder that is there.
 * Why it cannot be followed is told by whoever opens it, which knows what it is for.
 */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const absolute = resolve(path);
    const folder = dirname(absolute);
    return code === "ENOENT" && folder !== absolute ? join(realPath(folder), basename(absolute)) : absolute;
  }
}

/** The zone that the options name. Throws FatalError (usage) if there is none of that name. */
export function zoneOf({ zone }: ReplayOptions): Zone | undefined {
  if (zone === undefined) return undefined;
  try {
    return new Zone(zone);
  } catch (cause) {
    throw new FatalError(`--zone names ${JSON.stringify(zone)}, which is no time zone`, {
      fix: "give an IANA name such as Europe/Madrid",
      exitCode: exitCodes.usage,
      cause,
    });
  }
}

function usage(message: string, fix: string): FatalError {
  return new FatalError(message, { fix, exitCode: exitCodes.usage });
}
