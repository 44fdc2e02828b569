import {
  auditEntryIn,
  FatalError,
  OffsetOutOfRangeError,
  printTime,
  type AuditEntry,
  type FleetNames,
  type LogReader,
  type PartitionEnds,
} from "@lastknown/shared";

/**
 * So many offsets before an audit partition's end an entry is looked for. All others there are schemas' copies, or
 * cannot be read.
 */
const TAIL_OFFSETS = 100;
const TAIL_READ = { bytesMax: 64 * 1024, waitMs: 0 };
/** One batch, which always comes whole, holds the record that is looked for. */
const ONE_RECORD = { bytesMax: 1024, waitMs: 0 };
const MICROS_PER_MS = 1000;

/**
 * Holds one of the audit's last entries against the record that it was made from. An events topic that was deleted
 * and made anew has another there, appended at another time, however long it has become since. Kafka drops the
 * group's offsets with the topic, so these tell nothing.
 *
 * Where retention has removed the record this says nothing, and neither where none of those entries can be read.
 *
 * @param ends those of the audit partition
 * @throws FatalError where the record is another, or the topic does not reach so far
 */
export async function verifyEventsTopic(
  reader: LogReader,
  { auditTopic, eventsTopic: topic }: FleetNames,
  partition: number,
  ends: PartitionEnds,
): Promise<void> {
  const entry = await lateEntry(reader, auditTopic, partition, ends);
  if (entry === undefined) return;
  const { offset, appendedAtMs } = entry;
  const found = await foundAt(reader, topic, partition, offset);
  if (found === "not told" || found === appendedAtMs) return;
  const instead = found === "past the end" ? "there is none" : `the one there was at ${textOf(found)}`;
  throw new FatalError(
    `the audit has a record of ${topic}/${partition} at offset ${offset} that was appended at ${textOf(appendedAtMs)}, but ${instead}: the topic was made anew`,
    { fix: "use another --fleet name for it, and replay into that" },
  );
}

async function lateEntry(
  reader: LogReader,
  auditTopic: string,
  partition: number,
  { start, end }: PartitionEnds,
): Promise<AuditEntry | undefined> {
  const { records } = await reader.read(
    auditTopic,
    partition,
    Math.max(start, end - TAIL_OFFSETS),
    TAIL_READ,
  );
  for (const record of records) {
    const entry = auditEntryIn(partition, record);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** The append time of the record at this offset, in ms. */
async function foundAt(
  reader: LogReader,
  topic: string,
  partition: number,
  offset: number,
): Promise<number | "not told" | "past the end"> {
  try {
    const { records } = await reader.read(topic, partition, offset, ONE_RECORD);
    const record = records.find((found) => found.offset === offset);
    if (record !== undefined) return record.appendedAtMs;
    // Asked for, and not what came with the read: a new leader gives too low an end there until it knows better.
    const end = (await reader.ends(topic)).get(partition)?.end ?? 0;
    return offset >= end ? "past the end" : "not told";
  } catch (error) {
    if (!(error instanceof OffsetOutOfRangeError)) throw error;
    return offset >= error.end ? "past the end" : "not told";
  }
}

function textOf(ms: number): string {
  return printTime(ms * MICROS_PER_MS);
}
