import { FatalError, noteOfFleet, type Logger, type LogReader, type PartitionEnds } from "@lastknown/shared";
import type { Outlasting } from "../faults/patience.js";
import type { WorkerGroup } from "../group/worker-group.js";
import type { BucketProgress } from "../settled/bucket-progress.js";
import { deadLetterOffsets } from "../settled/dead-letter-offsets.js";
import { enteredTo } from "../settled/entered-to.js";
import type { SettledRecords } from "../settled/settled-records.js";
import type { StateStore } from "../states/state-store.js";

export interface StartingOffsetsOptions {
  readonly fleetId: string;
  readonly reader: LogReader;
  readonly group: WorkerGroup;
  readonly states: StateStore;
  readonly progress: BucketProgress;
  readonly settled: SettledRecords;
  readonly eventsTopic: string;
  readonly auditTopic: string;
  readonly deadLetterTopic: string;
  readonly acceptLoss: boolean;
  readonly patience: Outlasting;
  readonly logger: Logger;
}

/** A bucket of which the store has lost what it acknowledged. */
export interface LostBucket {
  readonly bucket: number;
  readonly stored: number;
  readonly expected: number;
}

/** How a partition starts, or starts again. */
export interface PartitionStart {
  readonly partition: number;
  /** Where it goes on in the events topic. */
  readonly offset: number;
  /** 0 where nothing was committed by this fleet. */
  readonly committed: number;
  /** The progress of each of its buckets, as stored now. */
  readonly stored: ReadonlyMap<number, number>;
  /** Everything below is in the audit, or has a dead letter. */
  readonly settledTo: number;
  /** Whether the audit alone says so. It does not tell whether the last rejected records have got their letters. */
  readonly isByAudit: boolean;
  /** The offsets from `offset` to `settledTo` that have a dead letter. */
  readonly letters: ReadonlySet<number>;
  readonly lost: readonly LostBucket[];
  /** Buckets that have to be rebuilt from the audit up to `settledTo`, before the partition can start. */
  readonly rebuild: readonly number[];
}

/**
 * How to go on in each partition: at its committed offset, or at the least progress of its buckets if that is less,
 * for then Redis has lost something that was committed. A log that was never worked on is read from 0. Where the
 * log does not reach back that far, but all that it lacks was applied once, the audit has it.
 *
 * What was not committed by this fleet's workers (an offset set by a tool, or left by a fleet whose audit was deleted)
 * does not say that anything was done: it can make a partition start earlier, not later. Where nothing else tells what
 * was done, as all of Redis is lost too, the audit's last entries do.
 *
 * @throws FatalError where records are gone that were never applied, unless that is accepted
 */
export async function startingOffsets(
  partitions: readonly number[],
  options: StartingOffsetsOptions,
  signal: AbortSignal,
): Promise<PartitionStart[]> {
  const { fleetId, reader, group, states, progress, eventsTopic, patience, logger } = options;
  const buckets = partitions.flatMap((partition) => progress.buckets(partition));
  const [committed, stored] = await Promise.all([
    patience.outlast("kafka", signal, () => group.committed()),
    patience.outlast("redis", signal, () => states.progress(buckets)),
  ]);
  // Asked last: an owner that was given up too early may still apply what comes in.
  const ends = await patience.outlast("kafka", signal, () => reader.ends(eventsTopic));
  const starts: PartitionStart[] = [];
  for (const partition of partitions) {
    const partitionEnds = ends.get(partition);
    if (partitionEnds === undefined) throw noPartitionError(eventsTopic, partition);
    const own = progress.buckets(partition);
    const lastCommit = committed.get(partition);
    const groupAt = lastCommit?.offset;
    const isOurs = noteOfFleet(fleetId, lastCommit?.note) !== undefined;
    if (!isOurs && groupAt !== undefined)
      logger.warn("an offset that no worker of this fleet committed", { partition, offset: groupAt });
    const reached: Reached = {
      partition,
      groupAt,
      committed: isOurs ? groupAt : undefined,
      stored: new Map(own.map((bucket) => [bucket, stored.get(bucket) ?? 0])),
    };
    starts.push(await startOf(reached, partitionEnds, options, signal));
  }
  return starts;
}

/** How far a partition had come when it was left. */
interface Reached {
  readonly partition: number;
  /** The group's offset, whoever committed it. */
  readonly groupAt: number | undefined;
  /** The same where one of this fleet's workers did. */
  readonly committed: number | undefined;
  readonly stored: ReadonlyMap<number, number>;
}

async function startOf(
  reached: Reached,
  ends: PartitionEnds,
  options: StartingOffsetsOptions,
  signal: AbortSignal,
): Promise<PartitionStart> {
  const { partition, stored, committed = 0 } = reached;
  const { settled, eventsTopic: topic, logger } = options;
  const known = Math.max(committed, settled.to(partition), ...stored.values());
  const isByAudit = reached.committed === undefined && known === 0;
  const settledTo = isByAudit ? await enteredTo(partition, options, signal) : known;
  const isAllStored = Math.min(...stored.values()) >= settledTo;
  if (settledTo > ends.end)
    throw shorterLogError({ topic, partition, end: ends.end, last: settledTo, reached: "applied" });
  const doubt = settled.doubtOf(partition);
  if (doubt !== undefined)
    logger.warn("a record that is in the audit would be rejected now", { partition, ...doubt });
  // Nothing is lacking, so there is nothing to be judged again either.
  if (doubt !== undefined && isAllStored) settled.rebuilt(partition, settledTo);
  const offset = offsetInLog(reached, settledTo, ends, options);
  const isAuditNeeded = !isAllStored && needsAudit(reached, ends, options);
  const range = { partition, from: offset, to: settledTo };
  const isReapplied = offset < settledTo && !isAuditNeeded;
  const letters = isReapplied ? await deadLetterOffsets(range, options, signal) : new Set<number>();
  const missing = [...stored].filter(([, progress]) => progress < settledTo).map(([bucket]) => bucket);
  return {
    partition,
    // Where nothing is lacking, nothing needs to be judged again to be told from what has a letter.
    offset: letters === undefined && isAllStored ? settledTo : offset,
    committed,
    stored,
    settledTo,
    isByAudit,
    letters: letters ?? new Set(),
    lost: lostBuckets(stored, isByAudit ? settledTo : committed, options.progress),
    rebuild: isAuditNeeded || letters === undefined ? missing : [],
  };
}

/** Where to go on, or the log's first offset where it has no earlier one. */
function offsetInLog(
  { partition, groupAt, stored }: Reached,
  settledTo: number,
  { start }: PartitionEnds,
  { settled, eventsTopic: topic, acceptLoss, logger }: StartingOffsetsOptions,
): number {
  const leastStored = Math.min(...stored.values());
  const rebuiltTo = settled.rebuiltTo(partition);
  // What was rebuilt must not be judged again: the audit has decided about it.
  const isRebuilt = leastStored >= rebuiltTo;
  const from = Math.max(Math.min(groupAt ?? leastStored, leastStored), isRebuilt ? rebuiltTo : 0);
  const gone = start - settledTo;
  if (gone > 0) {
    if (!acceptLoss) throw goneError({ topic, partition, from: settledTo, gone });
    logger.error("records are gone", { partition, from: settledTo, gone });
  }
  return Math.max(from, start);
}

/** Whether records that a bucket lacks can be had from the audit alone. */
function needsAudit(
  { partition, stored }: Reached,
  { start }: PartitionEnds,
  { settled }: StartingOffsetsOptions,
): boolean {
  return settled.doubtOf(partition) !== undefined || Math.min(...stored.values()) < start;
}

/** Before a commit each bucket is brought to what is committed, so less than that is a loss too. */
function lostBuckets(
  stored: ReadonlyMap<number, number>,
  committed: number,
  progress: BucketProgress,
): LostBucket[] {
  return [...stored]
    .map(([bucket, has]) => {
      return { bucket, stored: has, expected: Math.max(committed, progress.expected(bucket)) };
    })
    .filter((bucket) => bucket.stored < bucket.expected);
}

/** Retention has removed records that were not applied: a person has to know. */
export function goneError(gap: { topic: string; partition: number; from: number; gone: number }): FatalError {
  const { topic, partition, from, gone } = gap;
  return new FatalError(
    `${gone} records of ${topic}/${partition}, from offset ${from}, are gone before they were applied`,
    { fix: "raise the topic's retention, and go on without them with --accept-loss on" },
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
    fix: "the topic was made anew with fewer partitions than the fleet has: use another --fleet name",
  });
}
