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
      const leastApplied = Math.min(...applied);
      const wanted = Math.min(committed.get(partition) ?? leastApplied, leastApplied);
      const last = Math.max(committed.get(partition) ?? 0, ...applied);
      const offset = offsetInLog(partition, { wanted, last, ends: ends.get(partition) }, options);
      // Where a loss was accepted the store has less than the log's start, and is not behind for that.
      for (const bucket of progress.buckets(partition))
        progress.acknowledged(bucket, Math.min(stored.get(bucket) ?? 0, offset));
      return [partition, offset];
    }),
  );
}

/** The wanted offset, or the log's first where the loss of those between is accepted. */
function offsetInLog(
  partition: number,
  place: { wanted: number; last: number; ends: PartitionEnds | undefined },
  { eventsTopic, acceptLoss, logger }: Pick<StartingOffsetsOptions, "eventsTopic" | "acceptLoss" | "logger">,
): number {
  const { wanted, last, ends } = place;
  if (ends === undefined) {
    throw new FatalError(`topic ${eventsTopic} has no partition ${partition}`, {
      fix: "create the fleet's topics with lastknown topics",
    });
  }
  if (last > ends.end) {
    throw new FatalError(
      `${eventsTopic}/${partition} ends at ${ends.end}, but offset ${last} was already applied`,
      { fix: "the topic was made anew or has lost records: use another --fleet name" },
    );
  }
  if (wanted >= ends.start) return wanted;
  const gone = ends.start - wanted;
  if (!acceptLoss) throw goneError({ topic: eventsTopic, partition, from: wanted, gone });
  logger.error("records are gone before they were applied", { partition, from: wanted, gone });
  return ends.start;
}

/** Retention has removed records that were not applied: a person has to know. */
export function goneError(place: {
  topic: string;
  partition: number;
  from: number;
  gone: number;
}): FatalError {
  const { topic, partition, from, gone } = place;
  return new FatalError(
    `${gone} records of ${topic}/${partition}, from offset ${from}, are gone before they were applied`,
    { fix: "raise the topic's retention, and go on without them with --accept-loss on" },
  );
}
