import { decodeEventHead, unframe, type EventHead } from "../avro/index.js";
import type { LogReader, LogRecord } from "../kafka/log-reader.js";
import type { WaitingSample } from "./lag-facts.js";

/** From the committed offset on: bounds what a look costs, however much waits. */
export const SAMPLE_RECORDS_MAX = 1000;
const SAMPLE_LIMITS = { bytesMax: 512 * 1024, waitMs: 0 };
/** An event that happened so long before our side received it is old by its device's own clock. */
const OLD_MICROS = 60 * 60 * 1_000_000;

/** Looks at the first of the records that wait in a partition. Errors: as LogReader.read. */
export async function sampleWaiting(
  reader: Pick<LogReader, "read">,
  place: { readonly topic: string; readonly partition: number; readonly offset: number },
): Promise<WaitingSample> {
  const { records } = await reader.read(place.topic, place.partition, place.offset, SAMPLE_LIMITS);
  return summaryOf(records.slice(0, SAMPLE_RECORDS_MAX).flatMap(headsOf));
}

/** All that a look needs of an event stands at its beginning, whatever its schema's version. */
function headsOf({ value }: LogRecord): EventHead[] {
  const framed = value === null ? undefined : unframe(value);
  if (framed === undefined) return [];
  try {
    return [decodeEventHead(framed.body)];
  } catch {
    // No event: it will be dead-lettered, and says nothing of why others wait.
    return [];
  }
}

function summaryOf(heads: readonly EventHead[]): WaitingSample {
  const perUser = new Map<string, number>();
  const oldBy: number[] = [];
  let [topUser, ofTopUser] = ["", 0];
  for (const { user, timeStamp, sts } of heads) {
    const ofUser = (perUser.get(user) ?? 0) + 1;
    perUser.set(user, ofUser);
    if (ofUser > ofTopUser) [topUser, ofTopUser] = [user, ofUser];
    if (sts - timeStamp >= OLD_MICROS) oldBy.push(sts - timeStamp);
  }
  const middle = oldBy.toSorted((a, b) => a - b)[Math.floor(oldBy.length / 2)] ?? 0;
  return { events: heads.length, topUser, ofTopUser, old: oldBy.length, oldBySeconds: middle / 1_000_000 };
}
