import { OffsetOutOfRangeError, slicesToEnd, type LogReader, type PartitionEnds } from "@lastknown/shared";
import { isFinal } from "../arrivals/rejection.js";
import type { Outlasting } from "../faults/patience.js";
import { patientReader } from "../faults/patient-reader.js";

export interface DeadLetterOffsetsOptions {
  readonly reader: LogReader;
  readonly eventsTopic: string;
  readonly deadLetterTopic: string;
  readonly patience: Outlasting;
}

/** Source offsets of one partition: `from` included, `to` not. */
export interface OffsetRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const READ_BYTES = 1024 * 1024;
/** Letters that are kept in memory; with more of them the audit is asked what was entered. */
const LETTERS_MAX = 1_000_000;
/** Retention may remove the letters that are about to be read; then it is read from the new start. */
const READINGS_MAX = 5;

/**
 * Which records of the range have a dead letter: the partition of the dead letters is read to its present end.
 *
 * @returns undefined where they are too many to be remembered, or one of them has a reason that is not final
 */
export async function deadLetterOffsets(
  range: OffsetRange,
  options: DeadLetterOffsetsOptions,
  signal: AbortSignal,
): Promise<Set<number> | undefined> {
  const { reader, deadLetterTopic, patience } = options;
  for (let reading = 1; ; reading++) {
    const all = await patience.outlast("kafka", signal, () => reader.ends(deadLetterTopic));
    try {
      return await readOffsets(range, all.get(range.partition) ?? { start: 0, end: 0 }, options, signal);
    } catch (error) {
      if (!(error instanceof OffsetOutOfRangeError) || reading === READINGS_MAX) throw error;
    }
  }
}

async function readOffsets(
  { partition, from, to }: OffsetRange,
  ends: PartitionEnds,
  { reader, eventsTopic, deadLetterTopic, patience }: DeadLetterOffsetsOptions,
  signal: AbortSignal,
): Promise<Set<number> | undefined> {
  const patient = patientReader(reader, patience, signal);
  const prefix = `${eventsTopic}/${partition}/`;
  const offsets = new Set<number>();
  const place = { topic: deadLetterTopic, partition, ends, bytesMax: READ_BYTES };
  for await (const { records } of slicesToEnd(patient, place)) {
    for (const { key, headers } of records) {
      const text = key?.toString() ?? "";
      const offset = text.startsWith(prefix) ? Number(text.slice(prefix.length)) : Number.NaN;
      if (!(offset >= from && offset < to)) continue;
      // Another delivery may have taken it for an event: the audit alone tells.
      if (!isFinal(headers["reason"]?.toString())) return undefined;
      offsets.add(offset);
    }
    if (offsets.size > LETTERS_MAX) return undefined;
  }
  return offsets;
}
