import { auditEntryIn, slicesToEnd, type LogReader } from "@lastknown/shared";
import type { Outlasting } from "../faults/patience.js";
import { patientReader } from "../faults/patient-reader.js";

export interface EnteredToOptions {
  readonly reader: LogReader;
  readonly auditTopic: string;
  readonly patience: Outlasting;
}

/**
 * So many offsets before the end of an audit partition entries are looked for. All others there are schemas' copies, or
 * cannot be read.
 */
const TAIL_OFFSETS = 100;
const READ_BYTES = 64 * 1024;

/**
 * Up to where the audit has a partition's events, by its last entries; 0 where it has none. A worker enters them in
 * their order, so all events below are there.
 */
export async function enteredTo(
  partition: number,
  { reader, auditTopic: topic, patience }: EnteredToOptions,
  signal: AbortSignal,
): Promise<number> {
  const all = await patience.outlast("kafka", signal, () => reader.ends(topic));
  const { start, end } = all.get(partition) ?? { start: 0, end: 0 };
  const ends = { start: Math.max(start, end - TAIL_OFFSETS), end };
  const tail = { topic, partition, ends, bytesMax: READ_BYTES };
  let to = 0;
  for await (const { records } of slicesToEnd(patientReader(reader, patience, signal), tail)) {
    for (const record of records) {
      const entry = auditEntryIn(partition, record);
      if (entry !== undefined) to = Math.max(to, entry.offset + 1);
    }
  }
  return to;
}
