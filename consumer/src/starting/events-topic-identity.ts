import { FatalError, OffsetOutOfRangeError, printTime, type LogReader } from "@lastknown/shared";
import type { LastDone } from "../attempts/commit-note.js";

/** One batch, which always comes whole, holds the record that is looked for. */
const ONE_RECORD = { bytesMax: 1024, waitMs: 0 };
const MICROS_PER_MS = 1000;

/**
 * Holds the record that was done last against the log. A topic that was deleted and made anew has none at its offset,
 * or one that was appended at another time, however long it has become since.
 *
 * Where retention has removed the record this says nothing, and neither where the log ends before it: that is told by
 * whoever looks for the offset to go on from.
 *
 * @throws FatalError where the record at the offset is another
 */
export async function verifyEventsTopic(
  reader: LogReader,
  { topic, partition, last }: { topic: string; partition: number; last: LastDone },
): Promise<void> {
  const found = await appendTimeAt(reader, topic, partition, last.offset);
  if (found === undefined || found === last.appendedAtMs) return;
  throw new FatalError(
    `the record of ${topic}/${partition} at offset ${last.offset} was appended at ${textOf(found)}, but the one that was done there at ${textOf(last.appendedAtMs)}: the topic was made anew`,
    { fix: "use another --fleet name for it, and replay into that" },
  );
}

async function appendTimeAt(
  reader: LogReader,
  topic: string,
  partition: number,
  offset: number,
): Promise<number | undefined> {
  try {
    const { records } = await reader.read(topic, partition, offset, ONE_RECORD);
    return records.find((record) => record.offset === offset)?.appendedAtMs;
  } catch (error) {
    if (error instanceof OffsetOutOfRangeError) return undefined;
    throw error;
  }
}

function textOf(ms: number): string {
  return printTime(ms * MICROS_PER_MS);
}
