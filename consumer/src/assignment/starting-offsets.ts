import { FatalError, type LogReader, type Logger, type PartitionEnds } from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import type { WorkerGroup } from "../group/worker-group.js";
import type { StateStore } from "../states/state-store.js";
import type { BucketProgress } from "./bucket-progress.js";

export interface StartingOffsetsOptions {
  readonly reader: LogReader;
  readonly group: WorkerGroup;
  readonly states: StateStore;
  readonly progress: BucketProgress;
  readonly eventsTopic: string;
  readonly acceptLoss: boolean;
  readonly patience: Patience;
  readonly logger: Logger;
}

/**
 * Where to go on in each partition: at its committed offset, or at the least progress of its buckets if that is
 * less, for then Redis has lost something that was committed. A log that was never worked on is read from 0.
 * From now on the buckets' progress expects what is stored.
 *
 * @throws FatalError where the log does not hold that offset any more, unless that is accepted
 */
export async function startingOffsets(
  partitions: readonly number[],
  options: StartingOffsetsOptions,
  signal: AbortSignal,
): Promise<Map<number, number>> {
  const { reader, group, states, progress, eventsTopic, patience } = options;
  const buckets = partitions.flatMap((partition) => progress.buckets(partition));
  const [ends, committed, stored] = await Promise.all([
    patience.outlast("kafka", signal, () => reader.ends(eventsTopic)),
    patience.outlast("kafka", signal, () => group.committed()),
    patience.outlast("redis", signal, () => states.progress(buckets)),
  ]);
  return new Map(
    partitions.map((partition) => {
      const applied = progress.buckets(partition).map((bucket) => stored.get(bucket) ?? 0);
      const end = ends.get(partition);
      if (end === undefined) throw noPartitionError(eventsTopic, partition);
      const reached = { partition, committed: committed.get(partition), applied };
      const offset = offsetInLog(reached, end, options);
      // Where a loss was accepted the store has less than the log's start, and is not behind for that.
      for (const bucket of progress.buckets(partition))
        progress.acknowledged(bucket, Math.min(stored.get(bucket) ?? 0, offset));
      return [partition, offset];
    }),
  );
}

/** How far a partition had come when it was left. */
interface Reached {
  readonly partition: number;
  readonly committed: number | undefined;
  /** The progress of each of its buckets. */
  readonly applied: readonly number[];
}

/** Where to go on, or the log's first offset where the loss of those before it is accepted. */
function offsetInLog(
  { partition, committed, applied }: Reached,
  { start, end }: PartitionEnds,
  { eventsTopic: topic, acceptLoss, logger }: StartingOffsetsOptions,
): number {
  const leastApplied = Math.min(...applied);
  const from = Math.min(committed ?? leastApplied, leastApplied);
  const last = Math.max(committed ?? 0, ...applied);
  if (last > end) throw shorterLogError({ topic, partition, end, last, reached: "applied" });
  if (from >= start) return from;
  const gone = start - from;
  // What was committed is in the audit: it is Redis that has lost it.
  const wereApplied = committed !== undefined && committed >= start;
  if (!acceptLoss) throw (wereApplied ? unhealableError : goneError)({ topic, partition, from, gone });
  logger.error("records are gone", { partition, from, gone, wereApplied });
  return start;
}

interface Gap {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly gone: number;
}

/** Retention has removed records that were not applied: a person has to know. */
export function goneError({ topic, partition, from, gone }: Gap): FatalError {
  return new FatalError(
    `${gone} records of ${topic}/${partition}, from offset ${from}, are gone before they were applied`,
    { fix: "raise the topic's retention, and go on without them with --accept-loss on" },
  );
}

/** Redis has lost what was applied, and the events topic no longer reaches back to it. */
function unhealableError({ topic, partition, from, gone }: Gap): FatalError {
  return new FatalError(
    `Redis has lost states up to offset ${from + gone} of ${topic}/${partition}, where the topic now begins; ${gone} records from ${from} on would have to be applied again`,
    {
      fix: "the audit has them: lastknown export, replayed into a new fleet. With --accept-loss on this one goes on, and latest answers lack them",
    },
  );
}

export function shorterLogError(place: {
  topic: string;
  partition: number;
  end: number;
  last: number;
  reached: "applied" | "fetched";
}): FatalError {
  const { topic, partition, end, last, reached } = place;
  return new FatalError(`${topic}/${partition} ends at ${end}, but was ${reached} up to offset ${last}`, {
    fix: "the topic was made anew or has lost records: use another --fleet name",
  });
}

function noPartitionError(topic: string, partition: number): FatalError {
  return new FatalError(`topic ${topic} has no partition ${partition}`, {
    fix: "create the fleet's topics with lastknown topics",
  });
}
