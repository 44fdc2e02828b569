import { describe, expect, test } from "@jest/globals";
import {
  bucketOf,
  createMetrics,
  evolveEventSchema,
  FatalError,
  loadSettings,
  printCommitNote,
  type AppendRecord,
  type LogRecord,
} from "@lastknown/shared";
import { internalRejection, type Rejection } from "./arrivals/rejection.js";
import { CrashingServers } from "./crashing-servers.js";
import { eventually } from "./eventually.js";
import {
  applyAll,
  bad,
  doubles,
  eventsOf,
  fleetOf,
  heal,
  Lines,
  newestTimes,
  recordsOf,
  SECOND,
  storedTimes,
  untilHealed,
} from "./healing-for-test.js";
import { StatesUnavailableError, type StateStore } from "./states/state-store.js";
import type { FakeFleet } from "./worker-on-fakes.js";

const WIDER = evolveEventSchema(undefined, [{ header: "other", type: "string" }]).text;
/** That of the schema that is registered next. */
const LATER_ID = 3;

/** An event whose schema nobody knows yet. */
function laterKnown(fleet: FakeFleet, user: string): AppendRecord {
  const record = fleet.recordOf(fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} }));
  const value = Buffer.from(record.value as Buffer);
  value.writeUInt32BE(LATER_ID, 1);
  return { ...record, value };
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
    const settings = { deadLettersInRowMax: 3, batchRecordsMax: 4, countBy: "kind" };
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
    expect(text).toContain("lastknown_healed_buckets_total 1\n");
    expect(text).toContain('lastknown_reapplied_records_total{source="events"} 20');
    expect(text).toContain("lastknown_audit_entries_total 20");
    expect(text).toContain('lastknown_counted_events_total{column="kind",value="absent"} 20');
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
    await heal(fleet);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
  });

  test("gets nothing that has a dead letter, even if it is an event by now", async () => {
    const fleet = await fleetOf();
    const event = fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} });
    await fleet.produce([fleet.recordOf(event), laterKnown(fleet, "late")]);
    await applyAll(fleet);
    const { eventsSubject } = fleet.names;
    const [{ text }] = [(await fleet.registry.latest(eventsSubject))!];
    expect(await fleet.registry.register("another", WIDER)).toBe(LATER_ID);
    expect(text).not.toBe(WIDER);
    fleet.states.lose(bucketOf(Buffer.from("a")));
    fleet.states.lose(bucketOf(Buffer.from("late")));

    await heal(fleet);
    expect([...fleet.states.states().keys()]).toEqual(["a"]);
    expect(await doubles(fleet)).toBe(0);
  });

  test("has back what has a letter of a life that died before its commit, and an entry of the next", async () => {
    const fleet = await fleetOf();
    const event = fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} });
    await fleet.produce([fleet.recordOf(event), laterKnown(fleet, "late")]);
    const apply: StateStore["apply"] = async (updates) => {
      if (updates.some(({ states }) => states.length > 0)) throw new StatesUnavailableError("away");
      return await fleet.states.apply(updates);
    };
    const first = fleet.worker({ states: fleet.storeWith(apply), settings: { drainDeadlineMs: 200 } });
    await first.start();
    const { deadLetterTopic } = fleet.names;
    await eventually("rejected", async () => (await recordsOf(fleet, deadLetterTopic)).length === 1);
    await first.stop();
    expect(new Set(fleet.states.progressOfAll().values())).toEqual(new Set([0]));

    expect(await fleet.registry.register("another", WIDER)).toBe(LATER_ID);
    await applyAll(fleet);
    for (const user of ["a", "late"]) fleet.states.lose(bucketOf(Buffer.from(user)));
    const lines = await heal(fleet);
    expect([...fleet.states.states().keys()].toSorted()).toEqual(["a", "late"]);
    expect(lines.of("healing begins").map(({ source }) => source)).toEqual(["audit"]);
  });

  test("has back from the audit what would be rejected now, as by a stricter version of the worker", async () => {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, 12);
    await fleet.produce([bad, ...events.map((event) => fleet.recordOf(event))]);
    const old = fleet.states.dump();
    await applyAll(fleet);
    fleet.states.restore(old);

    const stricter = {
      judge: (partition: number, record: LogRecord): Rejection =>
        internalRejection(partition, record, "stricter than before"),
    };
    const settings = { batchRecordsMax: 5 };
    const lines = await heal(fleet, { judge: () => stricter, settings });
    expect(lines.of("a record that is in the audit would be rejected now")).toMatchObject([
      { partition: 0, offset: 1, reason: "internal" },
    ]);
    expect(lines.of("healing begins").map(({ source }) => source)).toEqual(["events", "audit"]);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
    expect(await recordsOf(fleet, fleet.names.deadLetterTopic)).toHaveLength(1);
  });

  test("has back from the audit what ends a newer worker's process, with no letter for it", async () => {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, 10);
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    await applyAll(fleet);
    fleet.states.restore(new Map());
    // The newest one of its user. Noted as often as that, it is not run any more.
    const trying = { offset: 8, times: loadSettings({ environment: {} }).worker.killsMax, until: 1000 };
    fleet.coordinator.notes.set(0, printCommitNote({ fleet: fleet.record.id, trying }));
    const lines = new Lines();
    const worker = fleet.worker({ logger: lines.logger });
    await worker.start();
    await Promise.race([untilHealed(lines), worker.ended]);
    const newer = fleet.eventOf({ user: "user 1", timeStamp: 99 * SECOND, sts: 0, attributes: {} });
    await fleet.produce([fleet.recordOf(newer)]);
    await eventually("caught up", () => fleet.isCaughtUp());
    await worker.stop();
    expect(storedTimes(fleet)).toEqual(newestTimes([...events, newer]));
    expect(await recordsOf(fleet, fleet.names.deadLetterTopic)).toEqual([]);
    expect(await doubles(fleet)).toBe(0);
    expect(lines.of("a record that is in the audit would be rejected now")).toMatchObject([
      {
        partition: 0,
        offset: 8,
        reason: "internal",
        error: expect.stringContaining("ended the worker's process"),
      },
    ]);
    expect(lines.of("healing begins").map(({ source }) => source)).toEqual(["events", "audit"]);
  });

  test("goes on where only a commit was lost, and a record before it would be rejected now", async () => {
    const fleet = await fleetOf();
    const events = eventsOf(fleet, 4);
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    await applyAll(fleet);
    // As where a worker died between its last update of Redis and the commit.
    fleet.commit(0, 1);
    let judged = 0;
    const stricter = {
      judge: (partition: number, record: LogRecord): Rejection => {
        // On fakes an endless round would not let go of the event loop.
        if (++judged > 100) throw new FatalError("judged again and again", { fix: "judge once" });
        return internalRejection(partition, record, "stricter than before");
      },
    };
    const worker = fleet.worker({ judge: () => stricter });
    await worker.start();
    await Promise.race([eventually("caught up", () => fleet.isCaughtUp()), worker.ended]);
    await worker.stop();
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
    expect(await recordsOf(fleet, fleet.names.deadLetterTopic)).toHaveLength(0);
  });

  test("gets nothing that has a dead letter either where only a commit was lost", async () => {
    const fleet = await fleetOf();
    await fleet.produce([laterKnown(fleet, "late")]);
    await applyAll(fleet);
    fleet.commit(0, 0);
    expect(await fleet.registry.register("another", WIDER)).toBe(LATER_ID);
    await applyAll(fleet);
    expect([...fleet.states.states().keys()]).toEqual([]);
    expect(await doubles(fleet)).toBe(0);
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
