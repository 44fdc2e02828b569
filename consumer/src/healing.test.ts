import { describe, expect, test } from "@jest/globals";
import {
  auditRecordKind,
  bucketOf,
  createMetrics,
  evolveEventSchema,
  printTime,
  silentLogger,
  type AppendRecord,
  type Event,
  type LogFields,
  type Logger,
  type LogReader,
  type LogRecord,
} from "@lastknown/shared";
import fc from "fast-check";
import { CrashingServers } from "./crashing-servers.js";
import { eventually } from "./eventually.js";
import { internalRejection, type Rejection } from "./pipeline/rejection.js";
import { FakeFleet } from "./worker-on-fakes.js";

const bad: AppendRecord = { partition: 0, key: null, value: null };
const SECOND = 1_000_000;

interface Line extends LogFields {
  readonly message: string;
}

/** Keeps what is logged. */
class Lines {
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

async function fleetOf(partitions = 1): Promise<FakeFleet> {
  const fleet = new FakeFleet(partitions);
  await fleet.create();
  return fleet;
}

/** Events of a few users, each user's newest one somewhere in the middle. */
function eventsOf(fleet: FakeFleet, count: number): Event[] {
  return Array.from({ length: count }, (_, index) => {
    const time = ((index * 7) % count) * SECOND;
    return fleet.eventOf({ user: `user ${index % 5}`, timeStamp: time, sts: time, attributes: {} });
  });
}

/** User → time of the newest event. */
function newestTimes(events: readonly Event[]): Map<string, string> {
  const newest = new Map<string, number>();
  for (const { user, timeStamp } of events)
    newest.set(user, Math.max(timeStamp, newest.get(user) ?? -Infinity));
  return byUser(new Map([...newest].map(([user, time]) => [user, printTime(time)])));
}

function storedTimes(fleet: FakeFleet): Map<string, string> {
  return byUser(new Map([...fleet.states.states()].map(([user, { timeStamp }]) => [user, timeStamp])));
}

function byUser(times: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...times].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

async function recordsOf(fleet: FakeFleet, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (const [partition, { start }] of await fleet.log.ends(topic)) {
    const slice = await fleet.log.read(topic, partition, start, { bytesMax: 1 << 30, waitMs: 0 });
    records.push(...slice.records);
  }
  return records;
}

/** How often each arrival stands in the audit; each letter in the dead letters. */
async function doubles(fleet: FakeFleet): Promise<number> {
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
async function applyAll(fleet: FakeFleet): Promise<void> {
  const worker = fleet.worker();
  await worker.start();
  await eventually("caught up", () => fleet.isCaughtUp());
  await worker.stop();
}

/** Reads one record at a time of the topic, and calls back before each of these reads. */
function slowly(fleet: FakeFleet, topic: string, onRead: (reads: number) => void | Promise<void>): LogReader {
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

async function untilHealed(lines: Lines, times = 1): Promise<void> {
  await eventually("healed", () => lines.of("healing ended").length >= times, 5000);
}

describe("a partition of which Redis has lost something", () => {
  test("is applied again without a second audit entry or dead letter, and says so", async () => {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, 20);
    const records = events.map((event) => fleet.recordOf(event));
    await fleet.produce([...records.slice(0, 10), bad, bad, bad, ...records.slice(10)]);
    const lines = new Lines();
    const metrics = createMetrics();
    // Counted again, they would stop it.
    const settings = { deadLettersInRowMax: 3, batchRecordsMax: 4 };
    const worker = fleet.worker({ logger: lines.logger, metrics, settings });
    await worker.start();
    await eventually("caught up", () => fleet.isCaughtUp());
    const bucket = bucketOf(Buffer.from("user 3"));
    fleet.states.lose(bucket);
    await untilHealed(lines);
    await worker.stop();

    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
    const healing = { partition: 0, buckets: [bucket], from: 0, to: 23, records: 23 };
    expect(lines.of("healing begins")).toEqual([
      {
        message: "healing begins",
        ...healing,
        source: "events",
        stored: { [bucket]: 0 },
        expected: { [bucket]: 23 },
      },
    ]);
    expect(lines.of("healing ended")).toEqual([
      { message: "healing ended", ...healing, ms: expect.any(Number) },
    ]);
    const text = await metrics.text();
    expect(text).toContain("lastknown_healings_total 1");
    expect(text).toContain("lastknown_healing_seconds_count 1");
    expect(text).toContain('lastknown_reapplied_records_total{source="events"} 20');
    expect(text).toContain("lastknown_audit_entries_total 20");
    expect(fleet.coordinator.committed.get(0)).toBe(23);
  });

  test("is applied again by the next owner too, and nothing says meanwhile that less was committed", async () => {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, 30);
    await fleet.produce([bad, ...events.map((event) => fleet.recordOf(event))]);
    const old = fleet.states.dump();
    await applyAll(fleet);
    // Each of them is killed in the middle, and Redis is emptied again.
    for (const callsUntilCrash of [2, 4, 7]) {
      fleet.states.restore(old);
      const servers = new CrashingServers(fleet, callsUntilCrash);
      const lines = new Lines();
      const worker = fleet.worker({
        ...servers.replacements,
        logger: lines.logger,
        settings: { batchRecordsMax: 3 },
      });
      await worker.start();
      await worker.ended.catch(() => undefined);
      await servers.crash(worker);
      expect(lines.of("healing begins")).toHaveLength(1);
      expect(lines.of("healing ended")).toEqual([]);
      expect(fleet.coordinator.committed.get(0)).toBe(31);
    }
    const lines = new Lines();
    const worker = fleet.worker({ logger: lines.logger });
    await worker.start();
    await untilHealed(lines);
    await worker.stop();
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
  });

  test("gets nothing that has a dead letter, even if it is an event by now", async () => {
    const fleet = await fleetOf();
    const event = fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} });
    const late = fleet.recordOf(fleet.eventOf({ user: "late", timeStamp: 1, sts: 1, attributes: {} }));
    const value = Buffer.from(late.value as Buffer);
    // The id that is registered next.
    value.writeUInt32BE(3, 1);
    await fleet.produce([fleet.recordOf(event), { ...late, value }]);
    await applyAll(fleet);
    const { eventsSubject } = fleet.names;
    const [{ text }] = [(await fleet.registry.latest(eventsSubject))!];
    const wider = evolveEventSchema(undefined, [{ header: "other", type: "string" }]).text;
    expect(await fleet.registry.register("another", wider)).toBe(3);
    expect(text).not.toBe(wider);
    fleet.states.lose(bucketOf(Buffer.from("a")));
    fleet.states.lose(bucketOf(Buffer.from("late")));

    const lines = new Lines();
    const worker = fleet.worker({ logger: lines.logger });
    await worker.start();
    await untilHealed(lines);
    await worker.stop();
    expect([...fleet.states.states().keys()]).toEqual(["a"]);
    expect(await doubles(fleet)).toBe(0);
  });

  test("has back from the audit what would be rejected now, as by a stricter version of the worker", async () => {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, 12);
    await fleet.produce([bad, ...events.map((event) => fleet.recordOf(event))]);
    const old = fleet.states.dump();
    await applyAll(fleet);
    fleet.states.restore(old);

    const lines = new Lines();
    const stricter = {
      judge: (partition: number, record: LogRecord): Rejection =>
        internalRejection(partition, record, "stricter than before"),
    };
    const settings = { batchRecordsMax: 5 };
    const worker = fleet.worker({ logger: lines.logger, judge: () => stricter, settings });
    await worker.start();
    await untilHealed(lines);
    await worker.stop();
    expect(lines.of("a record that is in the audit would be rejected now")).toMatchObject([
      { partition: 0, offset: 1, reason: "internal" },
    ]);
    expect(lines.of("healing begins").map(({ source }) => source)).toEqual(["events", "audit"]);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
    expect(await recordsOf(fleet, fleet.names.deadLetterTopic)).toHaveLength(1);
  });

  test("gets no second entry for the batch that found the loss, which the audit had taken before", async () => {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, 40);
    await fleet.produce([bad, ...events.map((event) => fleet.recordOf(event))]);
    const store = fleet.states;
    let batches = 0;
    const states = fleet.storeWith(async (updates) => {
      if (updates.some(({ states: newest }) => newest.length > 0) && ++batches === 6)
        store.restore(new Map());
      return await store.apply(updates);
    });
    const lines = new Lines();
    const worker = fleet.worker({ states, logger: lines.logger, settings: { batchRecordsMax: 5 } });
    await worker.start();
    await untilHealed(lines);
    await eventually("caught up", () => fleet.isCaughtUp());
    await worker.stop();
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
  });

  test("is applied again from where it is when more is lost in the middle", async () => {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, 60);
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    await applyAll(fleet);
    const buckets = [0, 1, 2, 3, 4].map((user) => bucketOf(Buffer.from(`user ${user}`)));
    fleet.states.lose(buckets[0]!);
    let calls = 0;
    const store = fleet.states;
    const states = fleet.storeWith(async (updates) => {
      calls++;
      if (calls === 5 || calls === 9) for (const bucket of buckets) store.lose(bucket);
      return await store.apply(updates);
    });
    const lines = new Lines();
    const worker = fleet.worker({ logger: lines.logger, states, settings: { batchRecordsMax: 4 } });
    await worker.start();
    await untilHealed(lines);
    await worker.stop();
    expect(lines.of("healing begins").length).toBeGreaterThanOrEqual(3);
    expect(lines.of("healing ended")).toHaveLength(1);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
  });
});

describe("a partition whose records are gone from the events topic", () => {
  /** A fleet that has applied everything, lost its store, and has only a few of its records left. */
  async function strandedFleet(count = 25, left = 5): Promise<{ fleet: FakeFleet; events: Event[] }> {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, count);
    await fleet.produce([bad, ...events.map((event) => fleet.recordOf(event))]);
    const old = fleet.states.dump();
    await applyAll(fleet);
    fleet.states.restore(old);
    fleet.log.truncateBefore(fleet.names.eventsTopic, 0, count + 1 - left);
    return { fleet, events };
  }

  test("is rebuilt from the audit, and goes on with what comes after", async () => {
    const { fleet, events } = await strandedFleet();
    const lines = new Lines();
    const metrics = createMetrics();
    const worker = fleet.worker({ logger: lines.logger, metrics });
    await worker.start();
    await untilHealed(lines);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(lines.of("healing begins")).toMatchObject([{ partition: 0, from: 0, to: 26, source: "audit" }]);
    expect(new Set(fleet.states.progressOfAll().values())).toEqual(new Set([26]));

    const newer = fleet.eventOf({ user: "user 1", timeStamp: 99 * SECOND, sts: 0, attributes: {} });
    await fleet.produce([fleet.recordOf(newer)]);
    await eventually("caught up", () => fleet.isCaughtUp());
    await worker.stop();
    expect(storedTimes(fleet)).toEqual(newestTimes([...events, newer]));
    expect(await doubles(fleet)).toBe(0);
    const text = await metrics.text();
    expect(text).toContain('lastknown_reapplied_records_total{source="audit"} 25');
    expect(text).toContain('lastknown_reapplied_records_total{source="events"} 0');
    expect(text).toContain("lastknown_audit_entries_total 1");
  });

  test("is rebuilt by entries that compaction has put before the copy of their schema", async () => {
    const { fleet, events } = await strandedFleet();
    const { auditTopic } = fleet.names;
    const copy = (await recordsOf(fleet, auditTopic)).find(
      ({ key }) => auditRecordKind(key!)?.kind === "schema",
    )!;
    await fleet.log.append(auditTopic, [{ partition: 0, key: copy.key, value: copy.value }]);
    fleet.log.compact(auditTopic);
    const lines = new Lines();
    const reader = slowly(fleet, auditTopic, () => undefined);
    const worker = fleet.worker({ logger: lines.logger, reader });
    await worker.start();
    await untilHealed(lines);
    await worker.stop();
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
  });

  test("is rebuilt anew when the store is emptied in the middle", async () => {
    const { fleet, events } = await strandedFleet();
    const lines = new Lines();
    const reader = slowly(fleet, fleet.names.auditTopic, (reads) => {
      if (reads === 15 || reads === 40) fleet.states.restore(new Map());
    });
    const worker = fleet.worker({ logger: lines.logger, reader });
    await worker.start();
    await untilHealed(lines);
    await worker.stop();
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(lines.of("healing begins")).toHaveLength(3);
  });

  test("is rebuilt by the next owner when a rebalance comes in the middle", async () => {
    const { fleet, events } = await strandedFleet();
    const lines = new Lines();
    let others = 0;
    const reader = slowly(fleet, fleet.names.auditTopic, (reads) => {
      if (reads !== 10 && reads !== 30) return;
      others++;
      fleet.coordinator.rebalance();
    });
    const worker = fleet.worker({ logger: lines.logger, reader });
    await worker.start();
    await untilHealed(lines);
    await worker.stop();
    expect(others).toBe(2);
    expect(lines.of("healing begins")).toHaveLength(3);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
  });

  test("lets the others go on while it is rebuilt, and does not hold up a stop", async () => {
    const fleet = await fleetOf(2);
    const users = ["a", "b", "c", "d"];
    const eventAt = (user: string, second: number) =>
      fleet.eventOf({ user, timeStamp: second * SECOND, sts: 0, attributes: {} });
    const records = users.map((user) => fleet.recordOf(eventAt(user, 1)));
    const stranded = records[0]!.partition;
    const other = users[records.findIndex(({ partition }) => partition !== stranded)]!;
    await fleet.produce(records);
    await applyAll(fleet);
    fleet.states.lose(bucketOf(Buffer.from("a")));
    fleet.log.truncateBefore(fleet.names.eventsTopic, stranded, 1);
    const held = new Promise<void>(() => undefined);
    const worker = fleet.worker({ reader: slowly(fleet, fleet.names.auditTopic, () => held) });
    await worker.start();
    const newer = eventAt(other, 2);
    await fleet.produce([fleet.recordOf(newer)]);
    await eventually("applied", () => storedTimes(fleet).get(other) === printTime(2 * SECOND));
    await worker.stop();
    expect(storedTimes(fleet).has("a")).toBe(false);
  });

  test("is rebuilt where retention overtakes it while it is applied again", async () => {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, 40);
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    await applyAll(fleet);
    fleet.states.restore(new Map());
    const lines = new Lines();
    let reads = 0;
    const reader: LogReader = {
      ...slowly(fleet, "none", () => undefined),
      readMany: async (topic, positions, limits) => {
        if (++reads === 4) fleet.log.truncateBefore(fleet.names.eventsTopic, 0, 35);
        return await fleet.log.readMany(topic, positions, { ...limits, bytesMax: 1 });
      },
    };
    const worker = fleet.worker({ logger: lines.logger, reader });
    await worker.start();
    await Promise.race([untilHealed(lines), worker.ended]);
    await worker.stop();
    expect(lines.of("healing begins").map(({ source }) => source)).toEqual(["events", "audit"]);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
  });

  test("ends the worker where the audit has lost entries too, or has some that cannot be read", async () => {
    const { fleet } = await strandedFleet();
    const { auditTopic } = fleet.names;
    const entry = (await recordsOf(fleet, auditTopic)).find(
      ({ key }) => auditRecordKind(key!)?.kind === "entry",
    )!;
    const spoiled = { partition: 0, key: entry.key, value: Buffer.from("spoiled") };
    const [record] = (await recordsOf(fleet, auditTopic)) as [LogRecord];
    await fleet.log.append(auditTopic, [spoiled, { partition: 0, key: record.key, value: record.value }]);
    for (const said of ["cannot be read at offset 27", "and 5 records of test.audit/0"]) {
      const worker = fleet.worker();
      await worker.start();
      await expect(worker.ended).rejects.toThrow(said);
      await worker.stop();
      fleet.log.truncateBefore(auditTopic, 0, 5);
    }
    const lines = new Lines();
    const accepting = fleet.worker({ logger: lines.logger, settings: { acceptLoss: true } });
    await accepting.start();
    await untilHealed(lines);
    await accepting.stop();
    expect(lines.of("audit entries are gone")).toMatchObject([{ partition: 0, gone: 5 }]);
    // The schema's copy is gone too, so none of them can be read.
    expect(lines.of("audit entries left out")).toMatchObject([{ partition: 0, offset: 5, count: 23 }]);
  });
});

test("whatever Redis loses while workers come and go, its states are right in the end and the audit has no doubles", async () => {
  const loss = fc.record({
    kind: fc.constantFrom("bucket", "all", "restored", "rebalance", "retention"),
    user: fc.nat(4),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const runs = fc.record({
    count: fc.integer({ min: 1, max: 60 }),
    losses: fc.array(loss, { minLength: 1, maxLength: 8 }),
    batchRecordsMax: fc.integer({ min: 1, max: 10 }),
    workers: fc.integer({ min: 1, max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(runs, async ({ count, losses, batchRecordsMax, workers }) => {
      const fleet = await fleetOf(2);
      const events = eventsOf(fleet, count);
      await fleet.produce([bad, ...events.map((event) => fleet.recordOf(event))]);
      const { eventsTopic, auditTopic } = fleet.names;
      const running = Array.from({ length: workers }, () =>
        fleet.worker({ settings: { batchRecordsMax }, reader: slowly(fleet, auditTopic, () => undefined) }),
      );
      for (const worker of running) await worker.start();
      await eventually("caught up", () => fleet.isCaughtUp());
      const ended = Promise.race(running.map((worker) => worker.ended));
      let dump = fleet.states.dump();
      for (const { kind, user, share } of losses) {
        if (kind === "bucket") fleet.states.lose(bucketOf(Buffer.from(`user ${user}`)));
        if (kind === "all") fleet.states.restore(new Map());
        if (kind === "restored") fleet.states.restore(dump);
        if (kind === "rebalance") fleet.coordinator.rebalance();
        if (kind === "retention") {
          for (const [partition, { end }] of await fleet.log.ends(eventsTopic))
            fleet.log.truncateBefore(eventsTopic, partition, Math.floor(end * share));
        }
        await new Promise((resolve) => setTimeout(resolve, share * 10));
        if (share < 0.2) dump = fleet.states.dump();
      }
      const expected = newestTimes(events);
      const isRight = (): boolean =>
        JSON.stringify([...storedTimes(fleet)]) === JSON.stringify([...expected]);
      await Promise.race([eventually("right", isRight, 5000), ended]);
      await Promise.all(running.map((worker) => worker.stop()));
      expect(storedTimes(fleet)).toEqual(expected);
      expect(await doubles(fleet)).toBe(0);
    }),
    { numRuns: 15 },
  );
}, 120_000);
