import { FatalError } from "../errors/index.js";
import type { LogReader, LogSlice, PartitionEnds } from "./log-reader.js";

/** Only after a read that brought nothing: one that may wait stands in line behind others of its reader that do. */
const WAIT_MS = 500;
/** Reads in a row that brought nothing although the log goes on: more than any leader election takes. */
const EMPTY_READS_MAX = 120;

export interface PartitionToRead {
  readonly topic: string;
  readonly partition: number;
  readonly ends: PartitionEnds;
  /** Of one read. */
  readonly bytesMax: number;
}

/**
 * Everything that a partition holds, up to where it ended when its ends were looked up. Each slice has come on.
 *
 * @throws FatalError where it gives nothing any more before its end
 */
export async function* slicesToEnd(
  reader: Pick<LogReader, "read">,
  { topic, partition, ends: { start, end }, bytesMax }: PartitionToRead,
): AsyncGenerator<LogSlice, void, undefined> {
  let emptyReads = 0;
  for (let offset = start; offset < end;) {
    const waitMs = emptyReads === 0 ? 0 : WAIT_MS;
    const slice = await reader.read(topic, partition, offset, { bytesMax, waitMs });
    if (slice.nextOffset > offset) {
      emptyReads = 0;
      yield slice;
    } else if (++emptyReads > EMPTY_READS_MAX) throw stuck(topic, partition, offset);
    offset = slice.nextOffset;
  }
}

function stuck(topic: string, partition: number, offset: number): FatalError {
  return new FatalError(`topic ${topic} partition ${partition} gives nothing from offset ${offset} on`, {
    fix: "check that its leader is there: lastknown stack status, or the broker's own log",
  });
}
