import { decodeEventHead, unframe, type EventHead } from "../avro/index.js";
import type { LogReader, LogRecord, ReadLimits } from "../kafka/log-reader.js";
import type { WaitingSample } from "./lag-facts.js";

/** Bounds what a look costs, however much waits. */
export const SAMPLE_RECORDS_MAX = 1000;
/** So few records are looked at in one piece, and all of them where they are small. */
const WHOLE_LIMITS: ReadLimits = { bytesMax: 512 * 1024, waitMs: 0 };
/** Of more, stretches are looked at, each of which speaks for as much before and behind where it begins. */
const STRETCHES = 5;
const STRETCH_RECORDS_MAX = SAMPLE_RECORDS_MAX / STRETCHES;
const STRETCH_LIMITS: ReadLimits = { bytesMax: 128 * 1024, waitMs: 0 };
/** An event that happened so long before our side received it is old by its device's own clock. */
const OLD_MICROS = 60 * 60 * 1_000_000;

/** What was looked at of the records that wait in a partition. */
export interface LookedAt {
  /** Ascending by offset. */
  readonly events: readonly LookedAtEvent[];
  /** One past the last record; undefined where none could be read, as behind a transaction that is open. */
  readonly end: number | undefined;
}

interface LookedAtEvent extends Omit<EventHead, "eventId"> {
  readonly offset: number;
}

/** Where what waits begins and ends. */
export interface WaitingPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly end: number;
}

/** Looks at what waits in a partition: at all of it where that is little, else here and there. Errors: as LogReader.read. */
export async function lookAtWaiting(reader: Pick<LogReader, "read">, place: WaitingPlace): Promise<LookedAt> {
  const records = (await readWhole(reader, place)) ?? (await readStretches(reader, place));
  const last = records.at(-1);
  return { events: records.flatMap(eventsOf), end: last === undefined ? undefined : last.offset + 1 };
}

/** Of what still waits from this offset on. */
export function summaryOf({ events }: LookedAt, offset: number): WaitingSample {
  const waiting = events.filter((event) => event.offset >= offset);
  const perUser = new Map<string, number>();
  const oldBy: number[] = [];
  let [topUser, ofTopUser] = ["", 0];
  for (const { user, timeStamp, sts } of waiting) {
    const ofUser = (perUser.get(user) ?? 0) + 1;
    perUser.set(user, ofUser);
    if (ofUser > ofTopUser) [topUser, ofTopUser] = [user, ofUser];
    if (sts - timeStamp >= OLD_MICROS) oldBy.push(sts - timeStamp);
  }
  const middle = oldBy.toSorted((a, b) => a - b)[Math.floor(oldBy.length / 2)] ?? 0;
  return { events: waiting.length, topUser, ofTopUser, old: oldBy.length, oldBySeconds: middle / 1_000_000 };
}

/** Undefined where that is too much for one piece. */
async function readWhole(
  reader: Pick<LogReader, "read">,
  { topic, partition, offset, end }: WaitingPlace,
): Promise<readonly LogRecord[] | undefined> {
  if (end - offset > SAMPLE_RECORDS_MAX) return undefined;
  const { records, nextOffset } = await reader.read(topic, partition, offset, WHOLE_LIMITS);
  return nextOffset >= end ? records.filter((record) => record.offset < end) : undefined;
}

async function readStretches(
  reader: Pick<LogReader, "read">,
  { topic, partition, offset, end }: WaitingPlace,
): Promise<LogRecord[]> {
  const beginOf = (stretch: number): number =>
    offset + Math.floor(((end - offset) * (stretch + 0.5)) / STRETCHES);
  const looked: LogRecord[] = [];
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    const { records } = await reader.read(topic, partition, beginOf(stretch), STRETCH_LIMITS);
    const within = records.filter((record) => record.offset < beginOf(stretch + 1));
    looked.push(...within.slice(0, STRETCH_RECORDS_MAX));
  }
  return looked;
}

/** All that a look needs of an event stands at its beginning, whatever its schema's version. */
function eventsOf({ offset, value }: LogRecord): LookedAtEvent[] {
  const framed = value === null ? undefined : unframe(value);
  if (framed === undefined) return [];
  try {
    const { user, timeStamp, sts } = decodeEventHead(framed.body);
    return [{ offset, user, timeStamp, sts }];
  } catch {
    // No event: it will be dead-lettered, and says nothing of why others wait.
    return [];
  }
}
