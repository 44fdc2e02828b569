import type { Arrival } from "../event/arrival.js";
import { type Judgement, Tally } from "./judgement.js";
import type { EventsRead } from "./read-events.js";

export interface JudgeEventsOptions {
  /**
   * Whether rows were sent again, after a kill or a lost acknowledgement: then they may stand in the topic more
   * than once, and those that are in the file twice cannot be told from them.
   */
  readonly resumed?: boolean;
  /** Whether somebody else too wrote into the topic what is no event. */
  readonly poisoned?: boolean;
}

/**
 * Whether the events topic holds the file: each user's rows, all of them, once, in the order of publishing, in
 * the right partition.
 */
export function judgeEvents(
  expected: readonly Arrival[],
  { arrivals, unreadable }: EventsRead,
  { resumed = false, poisoned = false }: JudgeEventsOptions = {},
): Judgement {
  const tally = new Tally();
  const wanted = byUser(resumed ? firstOfEach(expected) : expected);
  const found = byUser(resumed ? firstOfEach(arrivals) : arrivals);
  for (const user of new Set([...wanted.keys(), ...found.keys()])) {
    const rows = wanted.get(user) ?? [];
    const records = found.get(user) ?? [];
    for (let index = 0; index < Math.max(rows.length, records.length); index++) {
      tally.check(`${user} row ${index}`, contentOf(rows[index]), contentOf(records[index]));
    }
  }
  for (const { source, reason } of poisoned ? [] : unreadable) {
    tally.fail(`record ${source.partition}/${source.offset}`, "an event", reason);
  }
  return tally.judgement;
}

/** What of an arrival comes from the file. */
function contentOf(arrival: Arrival | undefined): Omit<Arrival, "source"> | undefined {
  if (arrival === undefined) return undefined;
  const { user, timeStamp, sts, eventId, attributes } = arrival;
  return { user, timeStamp, sts, eventId, attributes };
}

function firstOfEach(arrivals: readonly Arrival[]): Arrival[] {
  const seen = new Set<string>();
  return arrivals.filter(({ eventId, sts }) => {
    const name = `${eventId} ${sts}`;
    const first = !seen.has(name);
    seen.add(name);
    return first;
  });
}

function byUser(arrivals: readonly Arrival[]): Map<string, Arrival[]> {
  const users = new Map<string, Arrival[]>();
  for (const arrival of arrivals) {
    const own = users.get(arrival.user);
    if (own === undefined) users.set(arrival.user, [arrival]);
    else own.push(arrival);
  }
  return users;
}
