import {
  auditRecordKind,
  printTime,
  silentLogger,
  type AppendRecord,
  type Event,
  type LogFields,
  type Logger,
  type LogReader,
  type LogRecord,
} from "@lastknown/shared";
import { eventually } from "./eventually.js";
import { FakeFleet } from "./worker-on-fakes.js";

/** Is rejected. */
export const bad: AppendRecord = { partition: 0, key: null, value: null };
/** In µs. */
export const SECOND = 1_000_000;

interface Line extends LogFields {
  readonly message: string;
}

/** Keeps what is logged. */
export class Lines {
  readonly all: Line[] = [];
  readonly logger: Logger = {
    ...silentLogger,
    info: (message, fields) => void this.all.push({ message, ...fields }),
    warn: (message, fields) => void this.all.push({ message, ...fields }),
    error: (message, fields) => void this.all.push({ message, ...fields }),
  };

  of(message: string): Line[] {
    return this.all.filter((line) => line.message === message);
  }
}

/** A fleet that is created and has no records yet. */
export async function fleetOf(partitions = 1): Promise<FakeFleet> {
  const fleet = new FakeFleet(partitions);
  await fleet.create();
  return fleet;
}

/** Events of a few users, each user's newest one somewhere in the middle. */
export function eventsOf(fleet: FakeFleet, count: number): Event[] {
  return Array.from({ length: count }, (_, index) => {
    const time = ((index * 7) % count) * SECOND;
    return fleet.eventOf({ user: `user ${index % 5}`, timeStamp: time, sts: time, attributes: {} });
  });
}

/** User → time of the newest event. */
export function newestTimes(events: readonly Event[]): Map<string, string> {
  const newest = new Map<string, number>();
  for (const { user, timeStamp } of events)
    newest.set(user, Math.max(timeStamp, newest.get(user) ?? -Infinity));
  return byUser(new Map([...newest].map(([user, time]) => [user, printTime(time)])));
}

/** The same of what the store holds. */
export function storedTimes(fleet: FakeFleet): Map<string, string> {
  return byUser(new Map([...fleet.states.states()].map(([user, { timeStamp }]) => [user, timeStamp])));
}

function byUser(times: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...times].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

export async function recordsOf(fleet: FakeFleet, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (const [partition, { start }] of await fleet.log.ends(topic)) {
    const slice = await fleet.log.read(topic, partition, start, { bytesMax: 1 << 30, waitMs: 0 });
    records.push(...slice.records);
  }
  return records;
}

/** How often each arrival stands in the audit; each letter in the dead letters. */
export async function doubles(fleet: FakeFleet): Promise<number> {
  let count = 0;
  for (const topic of [fleet.names.auditTopic, fleet.names.deadLetterTopic]) {
    const keys = (await recordsOf(fleet, topic))
      .map(({ key }) => key as Buffer)
      .filter((key) => topic === fleet.names.deadLetterTopic || auditRecordKind(key)?.kind === "entry")
      .map((key) => key.toString("hex"));
    count += keys.length - new Set(keys).size;
  }
  return count;
}

/** Applies all and stops. */
export async function applyAll(fleet: FakeFleet): Promise<void> {
  const worker = fleet.worker();
  await worker.start();
  await eventually("caught up", () => fleet.isCaughtUp());
  await worker.stop();
}

/** Reads one record at a time of the topic, and calls back before each of these reads. */
export function slowly(
  fleet: FakeFleet,
  topic: string,
  onRead: (reads: number) => void | Promise<void>,
): LogReader {
  let reads = 0;
  return {
    read: async (asked, partition, offset, limits) => {
      if (asked !== topic) return await fleet.log.read(asked, partition, offset, limits);
      await onRead(++reads);
      return await fleet.log.read(asked, partition, offset, { ...limits, bytesMax: 1 });
    },
    readMany: (...args) => fleet.log.readMany(...args),
    ends: (asked) => fleet.log.ends(asked),
    appendedAt: (...args) => fleet.log.appendedAt(...args),
    close: () => fleet.log.close(),
  };
}

/** Resolves when so many healings have ended. */
export async function untilHealed(lines: Lines, times = 1): Promise<void> {
  await eventually("healed", () => lines.of("healing ended").length >= times, 5000);
}

/** Runs a worker until a healing has ended. Gives what it logged. */
export async function heal(
  fleet: FakeFleet,
  options: Parameters<FakeFleet["worker"]>[0] = {},
): Promise<Lines> {
  const lines = new Lines();
  const worker = fleet.worker({ ...options, logger: lines.logger });
  await worker.start();
  await untilHealed(lines);
  await worker.stop();
  return lines;
}
