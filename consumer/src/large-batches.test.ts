import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  auditRecordKind,
  bufferOf,
  decodeAuditEntry,
  decodeOrder,
  RecordTooLargeError,
  type AppendRecord,
  type Event,
} from "@lastknown/shared";
import { eventually } from "./eventually.js";
import type { BucketOutcome, BucketUpdate } from "./states/state-store.js";
import { FakeFleet } from "./worker-on-fakes.js";

const PARTITIONS = 2;
/** More than a worker takes at a time. */
const EVENTS = 4000;
/** No multiple of three, so that each user has late events and others. */
const USERS = 301;
/** What the audit does not take. */
const GIANT = "giant";

describe("large batches of several partitions", () => {
  let fleet: FakeFleet;
  beforeEach(async () => {
    fleet = new FakeFleet(PARTITIONS);
    await fleet.create();
  });

  const produce = async (events: readonly Event[]): Promise<number[]> => {
    const records = events.map((event) => fleet.recordOf(event));
    await fleet.produce(records);
    return Array.from(
      { length: PARTITIONS },
      (_, index) => records.filter(({ partition }) => partition === index).length,
    );
  };

  /** One of three is late. */
  const eventsOf = (users: (index: number) => string): Event[] =>
    Array.from({ length: EVENTS }, (_, index) => {
      const timeStamp = index % 3 === 0 ? index - 1500 : index;
      return fleet.eventOf({ user: users(index), timeStamp, sts: index, attributes: { note: `${index}` } });
    });

  const auditedIn = async (partition: number): Promise<number[]> => {
    const { records } = await fleet.log.read(fleet.names.auditTopic, partition, 0, ALL);
    return records
      .filter(({ key }) => key !== null && auditRecordKind(key)?.kind === "entry")
      .map(({ value }) => decodeAuditEntry(value as Buffer).offset);
  };

  test("write no state before its entry", async () => {
    const events = eventsOf(userAt);
    const counts = await produce(events);
    const { log, states } = fleet;
    const early: string[] = [];
    const append = async (topic: string, records: readonly AppendRecord[]): Promise<void> => {
      for (let turn = 0; turn < 3; turn++) await nextTurn();
      await log.append(topic, records);
    };
    const apply = async (updates: readonly BucketUpdate[]): Promise<BucketOutcome[]> => {
      // Entries stand in the order of their offsets, so their number tells up to which.
      const entries = [(await auditedIn(0)).length, (await auditedIn(1)).length];
      for (const { bucket, progress, states: written } of updates) {
        const entered = entries[bucket % PARTITIONS] as number;
        if (progress > entered) early.push(`progress ${progress} of bucket ${bucket}`);
        for (const { user, source } of written)
          if (source.offset >= entered) early.push(`offset ${source.offset} of ${user}`);
      }
      return await states.apply(updates);
    };
    const worker = fleet.worker({
      appender: { append, close: () => log.close() },
      states: fleet.storeWith(apply),
    });
    await worker.start();
    await Promise.race([eventually("caught up", () => fleet.isCaughtUp()), worker.ended]);
    await worker.stop();

    expect(early).toEqual([]);
    for (const [partition, count] of counts.entries())
      expect(await auditedIn(partition)).toEqual(Array.from({ length: count }, (_, offset) => offset));
    const newest = new Map<string, number>();
    for (const { user, timeStamp } of events)
      newest.set(user, Math.max(timeStamp, newest.get(user) ?? -Infinity));
    const kept = [...states.states()].map(([user, { order }]): [string, number] => {
      return [user, decodeOrder(order).timeStamp];
    });
    expect(new Map(kept)).toEqual(newest);
  });

  test("send no letter where one of them has one too many", async () => {
    const { log, names } = fleet;
    // Two in a row are let through, five are not.
    const rows = [2, 5];
    const giants = rows.map((row, partition) => Array.from({ length: row }, () => userIn(partition, GIANT)));
    const users = [...giants.flat(), ...Array.from({ length: EVENTS }, (_, index) => userAt(index))];
    await produce(eventsOf((index) => users[index] as string));
    const append = async (topic: string, records: readonly AppendRecord[]): Promise<void> => {
      const refused = records.filter(
        ({ key }) => topic === names.auditTopic && key !== null && bufferOf(key).includes(GIANT),
      );
      await log.append(
        topic,
        records.filter((record) => !refused.includes(record)),
      );
      if (refused.length > 0) throw new RecordTooLargeError(topic, refused);
    };
    const worker = fleet.worker({
      appender: { append, close: () => log.close() },
      settings: { deadLettersInRowMax: 4 },
    });
    await worker.start();
    await expect(worker.ended).rejects.toThrow("5 records in a row were rejected in partition 1");
    await worker.stop();
    for (let partition = 0; partition < PARTITIONS; partition++)
      expect((await log.read(names.deadLetterTopic, partition, 0, ALL)).records).toEqual([]);
  });

  /** A user whose events are in the partition. */
  const userIn = (partition: number, name: string): string => {
    for (let number = 0; ; number++) {
      const user = `${name}-${number}`;
      const { partition: own } = fleet.recordOf(
        fleet.eventOf({ user, timeStamp: 0, sts: 0, attributes: {} }),
      );
      if (own === partition) return user;
    }
  };
});

function userAt(index: number): string {
  return `user-${index % USERS}`;
}

const ALL = { bytesMax: 1 << 30, waitMs: 0 };
