import { describe, expect, test } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import {
  auditRecordKind,
  bucketOf,
  canonicalJson,
  compareOrder,
  createMetrics,
  decodeAuditEntry,
  encodeOrder,
  OffsetOutOfRangeError,
  orderOf,
  printCommitNote,
  printTime,
  type Event,
} from "@lastknown/shared";
import fc from "fast-check";
import { CrashingServers } from "./crashing-servers.js";
import { eventually } from "./eventually.js";
import { MemoryWorkerGroup } from "./group/memory/memory-worker-group.js";
import type { StateStore } from "./states/state-store.js";
import { FakeFleet } from "./worker-on-fakes.js";

const SKEW = 300_000_000;

/**
 * What every worker of any number must leave in the store: the maximum by order, then by the bytes of the attributes,
 * computed from the events alone.
 */
function expectedStates(events: readonly Event[]): Map<string, Record<string, string>> {
  const newest = new Map<string, Event>();
  for (const event of events) {
    const before = newest.get(event.user);
    const order = before === undefined ? 1 : compareOrder(orderOf(event, SKEW), orderOf(before, SKEW));
    const isTieWon = order === 0 && hexOfAttributes(event) > hexOfAttributes(before as Event);
    if (order > 0 || isTieWon) newest.set(event.user, event);
  }
  return new Map(
    [...newest].map(([user, event]) => [
      user,
      {
        user,
        order: encodeOrder(orderOf(event, SKEW)),
        timeStamp: printTime(event.timeStamp),
        sts: printTime(event.sts),
        attributes: canonicalJson(event.attributes),
      },
    ]),
  );
}

/** Two digits per byte, so that it sorts as the bytes do. */
function hexOfAttributes({ attributes }: Event): string {
  return Buffer.from(canonicalJson(attributes)).toString("hex");
}

function storedStates(fleet: FakeFleet): Map<string, Record<string, string>> {
  return new Map([...fleet.states.states()].map(([user, { source: _source, ...state }]) => [user, state]));
}

/** Source → canonical attributes, of events that were produced in this order into an empty topic. */
function attributesBySource(fleet: FakeFleet, events: readonly Event[]): Map<string, string> {
  const ends = new Map<number, number>();
  return new Map(
    events.map((event) => {
      const { partition } = fleet.recordOf(event);
      const offset = ends.get(partition) ?? 0;
      ends.set(partition, offset + 1);
      return [`${fleet.names.eventsTopic}/${partition}/${offset}`, canonicalJson(event.attributes)];
    }),
  );
}

function shuffled<Row>(rows: readonly Row[], ranks: Iterator<number>): Row[] {
  return rows
    .map((row) => ({ row, rank: Number(ranks.next().value) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ row }) => row);
}

/** What the store has and the audit has not: the sources of states, and offsets that are said to be applied. */
async function statesAheadOfAudit(fleet: FakeFleet): Promise<string[]> {
  const topic = fleet.names.eventsTopic;
  const audited = new Set(
    [...(await auditedOffsets(fleet))].flatMap(([partition, offsets]) =>
      offsets.map((offset) => `${topic}/${partition}/${offset}`),
    ),
  );
  const applied = [...fleet.states.progressOfAll()].flatMap(([bucket, progress]) =>
    Array.from({ length: progress }, (_, offset) => `${topic}/${bucket % fleet.partitions}/${offset}`),
  );
  const sources = [...fleet.states.states().values()].map(({ source }) => source);
  return [...applied, ...sources].filter((source) => !audited.has(source));
}

/** The source offsets of the audit's entries, each once, by partition. */
async function auditedOffsets(fleet: FakeFleet): Promise<Map<number, number[]>> {
  const offsets = new Map<number, number[]>();
  fleet.log.compact(fleet.names.auditTopic);
  for (let partition = 0; partition < fleet.partitions; partition++) {
    const limits = { bytesMax: 1 << 30, waitMs: 0 };
    const { records } = await fleet.log.read(fleet.names.auditTopic, partition, 0, limits);
    const entries = records.filter(({ key }) => auditRecordKind(key!)?.kind === "entry");
    offsets.set(
      partition,
      entries.map(({ value }) => decodeAuditEntry(value!).offset).sort((a, b) => a - b),
    );
  }
  return offsets;
}

/** Few users and times, so that ties, duplicates and clamped clocks are frequent. */
const anyEvent = fc.record({
  user: fc.constantFrom("a", "b", "c", "ü", "{7}"),
  timeStamp: fc.constantFrom(-5_000_000, 0, 678_861, 67_886_000_000, 400_000_000),
  sts: fc.constantFrom(0, 1, 678_860, 678_861),
  attributes: fc.constantFrom({}, { note: "x" }, { note: "\uff5e" }, { note: "\u{1f600}" }),
  /** Whether the attributes are part of what names the observation. If not, orders tie. */
  isNamedByAttributes: fc.boolean(),
});

describe("workers on fakes", () => {
  test("leave the same state for any shuffle, duplication and split, also where they crash at any step", async () => {
    const runs = fc.record({
      events: fc.array(anyEvent, { minLength: 1, maxLength: 30 }),
      repeats: fc.array(fc.nat(), { maxLength: 10 }),
      order: fc.infiniteStream(fc.nat()),
      workers: fc.integer({ min: 1, max: 3 }),
      crashes: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
      batchRecordsMax: fc.integer({ min: 1, max: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ events, repeats, order, workers, crashes, batchRecordsMax }) => {
        const fleet = new FakeFleet(4);
        await fleet.create();
        const made = events.map(({ isNamedByAttributes, ...event }) => {
          return fleet.eventOf(event, isNamedByAttributes ? event.attributes : {});
        });
        const sent = [...made, ...repeats.map((index) => made[index % made.length] as Event)];
        await fleet.produce(shuffled(sent, order).map((event) => fleet.recordOf(event)));

        const settings = { batchRecordsMax };
        for (const callsUntilCrash of crashes) {
          const servers = new CrashingServers(fleet, callsUntilCrash);
          const doomed = fleet.worker({ ...servers.replacements, settings });
          await doomed.start();
          await Promise.race([doomed.ended.catch(() => undefined), untilCaughtUp(fleet)]);
          await servers.crash(doomed);
          expect(await statesAheadOfAudit(fleet)).toEqual([]);
        }
        const running = Array.from({ length: workers }, () => fleet.worker({ settings }));
        for (const worker of running) await worker.start();
        await untilCaughtUp(fleet);
        await Promise.all(running.map((worker) => worker.stop()));

        expect(storedStates(fleet)).toEqual(expectedStates(made));
        const ends = await fleet.log.ends(fleet.names.eventsTopic);
        const everyOffset = [...ends].map(([partition, { end }]): [number, number[]] => [
          partition,
          Array.from({ length: end }, (_, offset) => offset),
        ]);
        expect(await auditedOffsets(fleet)).toEqual(new Map(everyOffset));
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test("leave the same state for any shuffle and split of rows that differ in nothing but attributes", async () => {
    const notes = ["", "a", "b", "é", "\ue000", "\uffff", "\u{10000}", "\u{1f600}"];
    const runs = fc.record({
      rows: fc.array(fc.record({ user: fc.constantFrom("a", "b"), note: fc.constantFrom(...notes) }), {
        minLength: 2,
        maxLength: 20,
      }),
      order: fc.infiniteStream(fc.nat()),
      workers: fc.integer({ min: 1, max: 3 }),
      batchRecordsMax: fc.integer({ min: 1, max: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ rows, order, workers, batchRecordsMax }) => {
        const left: Map<string, Record<string, string>>[] = [];
        for (const sent of [rows, shuffled(rows, order)]) {
          const fleet = new FakeFleet(4);
          await fleet.create();
          const events = sent.map(({ user, note }) =>
            fleet.eventOf({ user, timeStamp: 1, sts: 2, attributes: { note } }, {}),
          );
          await fleet.produce(events.map((event) => fleet.recordOf(event)));
          const running = Array.from({ length: workers }, () =>
            fleet.worker({ settings: { batchRecordsMax } }),
          );
          for (const worker of running) await worker.start();
          await untilCaughtUp(fleet);
          await Promise.all(running.map((worker) => worker.stop()));
          left.push(storedStates(fleet));
          expect(storedStates(fleet)).toEqual(expectedStates(events));
          const attributesAt = attributesBySource(fleet, events);
          for (const { source, attributes } of fleet.states.states().values())
            expect(attributesAt.get(source)).toBe(attributes);
        }
        expect(left[1]).toEqual(left[0]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test("waits out a broker, a store and a registry that are away, and never dead-letters for it", async () => {
    const fleet = new FakeFleet(2);
    await fleet.create();
    const metrics = createMetrics();
    const worker = fleet.worker({ metrics });
    fleet.registry.isReachable = false;
    fleet.states.unavailable = true;
    await worker.start();
    const event = fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} });
    await fleet.produce([fleet.recordOf(event)]);
    await eventually("waits for redis", () => worker.ready() === "waiting for redis");
    expect(await metrics.text()).toContain('lastknown_waiting_on_server{server="redis"} 1');
    fleet.states.unavailable = false;
    await eventually("waits for the registry", () => worker.ready() === "waiting for registry");
    fleet.log.unavailable = true;
    fleet.registry.isReachable = true;
    await eventually("waits for kafka", () => worker.ready() === "waiting for kafka");
    expect(worker.live()).toBeUndefined();
    fleet.log.unavailable = false;
    await untilCaughtUp(fleet);
    await eventually("waits for nobody", () => worker.ready() === undefined);
    await worker.stop();
    expect(storedStates(fleet)).toEqual(expectedStates([event]));
    expect((await fleet.log.ends(fleet.names.deadLetterTopic)).get(0)).toEqual({ start: 0, end: 0 });
  });

  test("waits for Kafka while it is out of its group, and no longer", async () => {
    const fleet = new FakeFleet(2);
    await fleet.create();
    const metrics = createMetrics();
    const worker = fleet.worker({ metrics });
    await worker.start();
    await eventually("assigned", () => worker.ready() === undefined);
    worker.revoked();
    expect(worker.ready()).toBe("no assignment yet");
    // As each attempt to come back fails.
    for (let attempts = 0; attempts < 2; attempts++) worker.revoked(new Error("connection refused"));
    expect(worker.ready()).toBe("waiting for kafka");
    expect(await metrics.text()).toContain('lastknown_waiting_on_server{server="kafka"} 1');
    fleet.coordinator.rebalance();
    await eventually("assigned again", () => worker.ready() === undefined);
    expect(await metrics.text()).toContain('lastknown_waiting_on_server{server="kafka"} 0');
    await worker.stop();
  });

  test("lets go of a commit that hangs when its partitions are shared out anew", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const group = new MemoryWorkerGroup(fleet.coordinator);
    const commit = group.commit.bind(group);
    const isHanging = { now: false, seen: false };
    group.commit = async (...call) => {
      if (!isHanging.now) return await commit(...call);
      isHanging.seen = true;
      return await new Promise<never>(() => undefined);
    };
    const worker = fleet.worker({ group });
    await worker.start();
    const produce = async (timeStamp: number): Promise<void> =>
      fleet.produce([fleet.recordOf(fleet.eventOf({ user: "a", timeStamp, sts: 1, attributes: {} }))]);
    await produce(1);
    await untilCaughtUp(fleet);
    isHanging.now = true;
    await produce(2);
    await eventually("hangs", () => isHanging.seen);
    isHanging.now = false;
    fleet.coordinator.rebalance();
    await untilCaughtUp(fleet);
    await worker.stop();
  });

  test("applies a partition again when the store has lost a bucket, also one that nobody writes to", async () => {
    const fleet = new FakeFleet(2);
    await fleet.create();
    const events = ["a", "b", "c", "d"].map((user) =>
      fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} }),
    );
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    const metrics = createMetrics();
    const worker = fleet.worker({ metrics });
    await worker.start();
    await untilCaughtUp(fleet);
    fleet.states.lose(bucketOf(Buffer.from("b")));
    await eventually("healed", () => fleet.states.states().size === 4, 5000);
    expect(await metrics.text()).toContain("lastknown_healings_total 1");
    await worker.stop();
    expect(storedStates(fleet)).toEqual(expectedStates(events));
  });

  test("counts each event as one that was written or as one that was not", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const metrics = createMetrics();
    const worker = fleet.worker({ metrics });
    await worker.start();
    // The second is older than another of its batch, the third than what the worker knows.
    for (const times of [[5, 4], [3], [6]]) {
      const events = times.map((time) =>
        fleet.eventOf({ user: "a", timeStamp: time, sts: time, attributes: {} }),
      );
      await fleet.produce(events.map((event) => fleet.recordOf(event)));
      await untilCaughtUp(fleet);
    }
    await worker.stop();
    const text = await metrics.text();
    expect(text).toContain('lastknown_state_updates_total{outcome="written"} 2');
    expect(text).toContain('lastknown_state_updates_total{outcome="skipped"} 2');
  });

  test("starts from the least progress where the store has less than was committed", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const events = ["a", "b"].map((user) => fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} }));
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    fleet.commit(0, 2);
    const worker = fleet.worker();
    await worker.start();
    await eventually("applied", () => fleet.states.states().size === 2);
    await worker.stop();
  });

  test.each([
    ["a tool", ""],
    ["a fleet whose audit was deleted", printCommitNote({ fleet: "another" })],
    ["a consumer in its group by mistake", "not ours"],
  ])("takes no record for done that %s committed", async (_who, note) => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const events = ["a", "b"].map((user) => fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} }));
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    fleet.coordinator.committed.set(0, 2);
    fleet.coordinator.notes.set(0, note);
    const worker = fleet.worker();
    await worker.start();
    await eventually("applied", () => fleet.states.states().size === 2);
    await worker.stop();
    expect(await auditedOffsets(fleet)).toEqual(new Map([[0, [0, 1]]]));
  });

  test("leaves the count of deaths beside a commit while nothing new is done", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    await fleet.produce([fleet.recordOf(fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} }))]);
    const first = fleet.worker();
    await first.start();
    await untilCaughtUp(fleet);
    await first.stop();
    const note = printCommitNote({ fleet: fleet.record.id, begun: { at: 1, times: 2 } });
    fleet.coordinator.notes.set(0, note);
    const second = fleet.worker();
    await second.start();
    await eventually("ready", () => second.ready() === undefined);
    // Many commit intervals.
    await sleep(50);
    await second.stop();
    expect(fleet.coordinator.notes.get(0)).toBe(note);
  });

  test("commits what others have done before it begins what may end it", async () => {
    const fleet = new FakeFleet(2);
    await fleet.create();
    const userOf = (partition: number): string =>
      ["a", "b", "c", "d", "e"].find((user) => fleet.recordOf(eventBy(user)).partition === partition) ?? "";
    const eventBy = (user: string) => fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} });
    await fleet.produce([0, 1].map((partition) => fleet.recordOf(eventBy(userOf(partition)))));
    const notes = [{ begun: { at: 0, times: 1 } }, {}];
    for (const [partition, note] of notes.entries()) {
      fleet.coordinator.committed.set(partition, 0);
      fleet.coordinator.notes.set(partition, printCommitNote({ fleet: fleet.record.id, ...note }));
    }
    let died: () => void = () => undefined;
    const death = new Promise<void>((resolve) => (died = resolve));
    const states = fleet.storeWith(async (updates) => {
      if (!updates.some((update) => update.states.some(({ user }) => user === userOf(0))))
        return await fleet.states.apply(updates);
      died();
      return await new Promise<never>(() => undefined);
    });
    const worker = fleet.worker({ states, settings: { commitIntervalMs: 60_000 } });
    await worker.start();
    await death;
    const committed = [0, 1].map((partition) => fleet.coordinator.committed.get(partition));
    await worker.stop();
    expect(committed).toEqual([0, 1]);
  });

  test("ends with the number of records that are gone before they were applied", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const event = fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} });
    await fleet.produce([event, event, event].map((one) => fleet.recordOf(one)));
    fleet.log.truncateBefore(fleet.names.eventsTopic, 0, 2);
    const worker = fleet.worker();
    await worker.start();
    await expect(worker.ended).rejects.toThrow("2 records of test.events/0, from offset 0, are gone");
    await worker.stop();
    const accepting = fleet.worker({ settings: { acceptLoss: true } });
    await accepting.start();
    await untilCaughtUp(fleet);
    await accepting.stop();
  });

  test("goes on where records go while it runs, without those that it had not fetched", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const recordAt = (second: number) =>
      fleet.recordOf(fleet.eventOf({ user: "a", timeStamp: second, sts: second, attributes: {} }));
    const worker = fleet.worker({
      settings: { acceptLoss: true, queueBytesMax: 400, batchRecordsMax: 1, fetchBytesMax: 1 },
    });
    await worker.start();
    await fleet.produce([recordAt(1)]);
    await untilCaughtUp(fleet);
    fleet.states.unavailable = true;
    await fleet.produce(Array.from({ length: 20 }, (_, index) => recordAt(2 + index)));
    // One record is under way, one more is queued.
    await eventually(
      "waits for redis",
      () => worker.ready() === "waiting for redis" && worker.queueBytes >= 400,
    );
    // No record is left to make the offsets move.
    fleet.log.truncateBefore(fleet.names.eventsTopic, 0, 21);
    fleet.states.unavailable = false;
    await Promise.race([untilCaughtUp(fleet), worker.ended]);
    await fleet.produce([recordAt(50)]);
    await Promise.race([untilCaughtUp(fleet), worker.ended]);
    await worker.stop();
    expect(await auditedOffsets(fleet)).toEqual(new Map([[0, [0, 1, 2, 21]]]));
  });

  test("ends where the log became shorter than what was fetched", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const worker = fleet.worker({ settings: { acceptLoss: true } });
    await worker.start();
    await eventually("assigned", () => worker.ready() === undefined);
    const place = { topic: fleet.names.eventsTopic, partition: 0, offset: 5, start: 0, end: 2 };
    const readMany = fleet.log.readMany.bind(fleet.log);
    fleet.log.readMany = (topic, ...rest) =>
      topic === place.topic ? Promise.reject(new OffsetOutOfRangeError(place)) : readMany(topic, ...rest);
    await expect(worker.ended).rejects.toThrow("ends at 2, but was fetched up to offset 5");
    await worker.stop();
  });

  test("ends where the log is shorter than what was applied", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    fleet.commit(0, 5);
    const worker = fleet.worker();
    await worker.start();
    await expect(worker.ended).rejects.toThrow("ends at 0, but was applied up to offset 5");
    await worker.stop();
  });

  test("does not take the work of an owner that was given up too early for a log that has lost records", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const record = fleet.recordOf(fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} }));
    await fleet.produce([record]);
    const progress: StateStore["progress"] = async (buckets) => {
      // Since the log was asked for its end one more came, and was applied.
      await fleet.produce([record]);
      const { end: done } = (await fleet.log.ends(fleet.names.eventsTopic)).get(0)!;
      await fleet.states.apply(
        buckets.map((bucket) => ({ bucket, expectedProgress: 0, progress: done, states: [] })),
      );
      return await fleet.states.progress(buckets);
    };
    const states = { ...fleet.storeWith((updates) => fleet.states.apply(updates)), progress };
    const worker = fleet.worker({ states });
    await worker.start();
    await Promise.race([untilCaughtUp(fleet), worker.ended]);
    await worker.stop();
  });

  test("gives up what is not done in time when it stops, and commits none of it", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const event = fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} });
    const worker = fleet.worker({ settings: { drainDeadlineMs: 100 } });
    await worker.start();
    await eventually("assigned", () => worker.ready() === undefined);
    fleet.states.unavailable = true;
    await fleet.produce([fleet.recordOf(event)]);
    await eventually("waits for redis", () => worker.ready() === "waiting for redis");
    await worker.stop();
    expect(fleet.coordinator.committed.get(0) ?? 0).toBe(0);
  });

  test("stops when nothing but dead letters comes, and sends no letter twice however often it is restarted", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const good = fleet.recordOf(fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} }));
    const bad = { partition: 0, key: null, value: null };
    const tenBad = Array.from({ length: 10 }, () => bad);
    const settings = { deadLettersInRowMax: 10 };
    await fleet.produce([...tenBad, good, ...tenBad]);
    const patient = fleet.worker({ settings });
    await patient.start();
    await untilCaughtUp(fleet);
    await patient.stop();
    expect(await deadLetterCount(fleet)).toBe(20);

    await fleet.produce([...tenBad, bad, good]);
    for (let start = 0; start < 3; start++) {
      const worker = fleet.worker({ settings });
      await worker.start();
      await expect(worker.ended).rejects.toThrow(
        "11 records in a row were rejected in partition 0, up to offset 31 (11 null_key; the last: the record has no key)",
      );
      await worker.stop();
    }
    expect(await deadLetterCount(fleet)).toBe(20);
  });

  test("is not sent again what was a dead letter before the records that stop it", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const bad = { partition: 0, key: null, value: null };
    await fleet.produce(Array.from({ length: 40 }, () => bad));
    // No commit of the interval's own comes in between.
    const settings = { deadLettersInRowMax: 10, batchRecordsMax: 4, commitIntervalMs: 60_000 };
    for (const last of [10, 18, 26]) {
      const worker = fleet.worker({ settings });
      await worker.start();
      await expect(worker.ended).rejects.toThrow(
        `11 records in a row were rejected in partition 0, up to offset ${last} `,
      );
      await worker.stop();
      expect(await deadLetterCount(fleet)).toBe(last - 2);
    }
  });

  test("stops where too large a share is rejected, without a letter or an entry of that batch at any restart", async () => {
    const fleet = new FakeFleet(2);
    await fleet.create();
    const recordOf = (user: string) =>
      fleet.recordOf(fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} }));
    const bad = (partition: number) => ({ partition, key: null, value: null });
    // Never two in a row.
    const mixed = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        index % 2 === 0 ? recordOf(`user ${index}`) : bad(index % 4 === 1 ? 0 : 1),
      );
    const settings = { deadLettersWindowMin: 20, deadLettersPercentMax: 10 };
    await fleet.produce(mixed(30));
    const patient = fleet.worker({ settings });
    await patient.start();
    await untilCaughtUp(fleet);
    await patient.stop();
    const before = await counts(fleet);
    expect(before.letters).toBe(15);

    await fleet.produce(mixed(60));
    for (let start = 0; start < 3; start++) {
      const worker = fleet.worker({ settings });
      await worker.start();
      await expect(worker.ended).rejects.toThrow(/^30 of the 60 records of the last 60 s were rejected/);
      await worker.stop();
    }
    expect(await counts(fleet)).toEqual(before);
  });

  test("ends on an error that nobody foresaw, and stops cleanly all the same", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const worker = fleet.worker({ states: fleet.storeWith(() => Promise.reject(new Error("WRONGTYPE"))) });
    await worker.start();
    await expect(worker.ended).rejects.toThrow("WRONGTYPE");
    expect(worker.live()).toBe("WRONGTYPE");
    await worker.stop();
  });

  describe("the records of a trickle", () => {
    /** A worker whose store takes so long, and how often it has fetched records. */
    async function trickle(settings: { storeMs: number; lingerMs: number }) {
      const fleet = new FakeFleet(1);
      await fleet.create();
      const slow = fleet.storeWith(async (updates) => {
        await sleep(settings.storeMs);
        return await fleet.states.apply(updates);
      });
      let fetches = 0;
      const readMany = fleet.log.readMany.bind(fleet.log);
      fleet.log.readMany = async (topic, ...rest) => {
        const slices = await readMany(topic, ...rest);
        if ([...slices.values()].some(({ records }) => records.length > 0)) fetches++;
        return slices;
      };
      const worker = fleet.worker({ states: slow, settings: { lingerMs: settings.lingerMs } });
      await worker.start();
      await eventually("assigned", () => worker.ready() === undefined);
      let produced = 0;
      const produce = async (count: number): Promise<void> => {
        const events = Array.from({ length: count }, () =>
          fleet.eventOf({ user: `u${produced++}`, timeStamp: 1, sts: 1, attributes: {} }),
        );
        await fleet.produce(events.map((event) => fleet.recordOf(event)));
      };
      const applied = () => eventually("all applied", () => fleet.states.states().size === produced);
      return { worker, produce, applied, fetches: () => fetches };
    }

    async function fetchesOfTwenty(settings: { storeMs: number; lingerMs: number }): Promise<number> {
      const { worker, produce, applied, fetches } = await trickle(settings);
      await produce(1);
      await applied();
      const before = fetches();
      for (let count = 0; count < 20; count++) {
        await produce(1);
        await sleep(5);
      }
      await applied();
      await worker.stop();
      return fetches() - before;
    }

    test("share fetches where the batches before took long", async () => {
      // The twenty take 100 ms at least, and longer on a slow machine.
      expect(await fetchesOfTwenty({ storeMs: 300, lingerMs: 1000 })).toBeLessThanOrEqual(5);
    });

    test("share none beyond the time that is allowed", async () => {
      expect(await fetchesOfTwenty({ storeMs: 300, lingerMs: 0 })).toBeGreaterThan(10);
    });

    test("are not waited for by a worker with little to do", async () => {
      expect(await fetchesOfTwenty({ storeMs: 0, lingerMs: 100_000 })).toBeGreaterThan(10);
    });

    test("are not waited for once the worker is to stop", async () => {
      const settings = { storeMs: 1500, lingerMs: 100_000 };
      const { worker, produce, applied } = await trickle(settings);
      await produce(1);
      await applied();
      settings.storeMs = 0;
      await produce(1);
      await applied();
      const startedMs = performance.now();
      await worker.stop();
      expect(performance.now() - startedMs).toBeLessThan(1000);
    });

    test("are not waited for after a fetch of many", async () => {
      const lingerMs = 10_000;
      const { worker, produce, applied } = await trickle({ storeMs: 20, lingerMs });
      const startedMs = performance.now();
      await produce(380);
      await produce(380);
      await applied();
      expect(performance.now() - startedMs).toBeLessThan(lingerMs);
      await worker.stop();
    });
  });

  test("commits again what a failed commit named", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const worker = fleet.worker();
    await worker.start();
    const records = ["a", "b"].map((user) =>
      fleet.recordOf(fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} })),
    );
    // The first batch of an assignment is noted before.
    await fleet.produce(records.slice(0, 1));
    await untilCaughtUp(fleet);
    fleet.coordinator.unavailable = true;
    await fleet.produce(records.slice(1));
    await eventually("applied", () => fleet.states.states().size === 2);
    fleet.coordinator.unavailable = false;
    await untilCaughtUp(fleet);
    await worker.stop();
  });
});

async function deadLetterCount(fleet: FakeFleet): Promise<number> {
  return (await fleet.log.ends(fleet.names.deadLetterTopic)).get(0)?.end ?? 0;
}

/** Dead letters, and records in the audit. */
async function counts(fleet: FakeFleet): Promise<{ letters: number; audited: number }> {
  const endsOf = async (topic: string): Promise<number> =>
    [...(await fleet.log.ends(topic)).values()].reduce((sum, { end }) => sum + end, 0);
  const { deadLetterTopic, auditTopic } = fleet.names;
  return { letters: await endsOf(deadLetterTopic), audited: await endsOf(auditTopic) };
}

async function untilCaughtUp(fleet: FakeFleet): Promise<void> {
  await eventually("caught up", () => fleet.isCaughtUp());
}
