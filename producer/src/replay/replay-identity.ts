import type { ReplayIdentity } from "../checkpoint/checkpoint.js";
import type { ReplayTarget } from "./replay-dependencies.js";
import type { ReplayOptions } from "./replay-options.js";

/**
 * What a checkpoint belongs to. The pace, the limit and the number of turns may change from run to run: the rows
 * and their order do not follow from them.
 */
export function replayIdentity(
  options: ReplayOptions,
  target: ReplayTarget,
  fileHash: string,
): ReplayIdentity {
  const { userColumn, timeColumn, arrivalColumn, eventIdColumn, notIdentity, types } = options;
  const { timeUnit, zone, separator, quote, decimal, start, end, live } = options;
  const content = {
    userColumn,
    timeColumn,
    arrivalColumn,
    eventIdColumn,
    notIdentity: notIdentity?.toSorted(),
    types: Object.entries(types ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    timeUnit,
    zone,
    separator,
    quote,
    decimal,
    start,
    end,
    live: live === true,
  };
  return { fileHash, options: { ...content, topic: target.topic, partitions: target.partitions } };
}
