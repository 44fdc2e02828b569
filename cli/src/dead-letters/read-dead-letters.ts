import type { LogReader } from "@lastknown/shared";
import { deadLetterOf, type DeadLetter } from "./dead-letter.js";

const READ_LIMITS = { bytesMax: 4 * 1024 * 1024, waitMs: 500 };
/** Reads in a row that bring nothing although the topic goes on. */
const EMPTY_READS_MAX = 20;

/** Dead letters to list, as they are listed, and whether there are more. */
export interface FoundDeadLetters<Listed> {
  readonly letters: readonly Listed[];
  readonly more: boolean;
}

/**
 * The dead letters of the first sources, at most `limit`. A source that is dead-lettered again, as after a
 * redelivery, has the same key again: its last copy counts.
 *
 * @param listed what to keep of a letter. Its buffers are views of all that one read gave, up to 4 MB: keep none.
 */
export async function lastDeadLetters<Listed>(
  reader: LogReader,
  topic: string,
  { limit, listed }: { limit: number; listed: (letter: DeadLetter) => Listed },
): Promise<FoundDeadLetters<Listed>> {
  const bySource = new Map<string, Listed>();
  let more = false;
  for await (const letter of readDeadLetters(reader, topic)) {
    const { key, partition, offset } = letter;
    // Whoever wrote a letter without a key, it was no worker: each stands for itself.
    const source = key === null ? `${partition}/${offset}` : `key ${key.toString("latin1")}`;
    if (bySource.delete(source) || bySource.size < limit) bySource.set(source, listed(letter));
    else more = true;
  }
  return { letters: [...bySource.values()], more };
}

/** The dead letters of all partitions as they stand now, one partition after the other; none is taken out. */
export async function* readDeadLetters(
  reader: LogReader,
  topic: string,
): AsyncGenerator<DeadLetter, void, undefined> {
  for (const [partition, { start, end }] of await reader.ends(topic)) {
    let emptyReads = 0;
    for (let offset = start; offset < end && emptyReads < EMPTY_READS_MAX;) {
      const { records, nextOffset } = await reader.read(topic, partition, offset, READ_LIMITS);
      for (const record of records) yield deadLetterOf(partition, record);
      emptyReads = nextOffset === offset ? emptyReads + 1 : 0;
      offset = nextOffset;
    }
  }
}

/** The dead letter at this place, if one is there. */
export async function readDeadLetter(
  reader: LogReader,
  topic: string,
  place: { partition: number; offset: number },
): Promise<DeadLetter | undefined> {
  const ends = (await reader.ends(topic)).get(place.partition);
  if (ends === undefined || place.offset < ends.start || place.offset >= ends.end) return undefined;
  const { records } = await reader.read(topic, place.partition, place.offset, READ_LIMITS);
  const record = records.find(({ offset }) => offset === place.offset);
  return record === undefined ? undefined : deadLetterOf(place.partition, record);
}
