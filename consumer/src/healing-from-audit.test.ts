import { describe, expect, test } from "@jest/globals";
import {
  AuditEntryEncoder,
  auditEntryKey,
  auditRecordKind,
  bucketOf,
  createMetrics,
  decodeAuditEntry,
  FRAME_BYTES,
  framedSchemaId,
  printTime,
  type Event,
  type LogReader,
  type LogRecord,
} from "@lastknown/shared";
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
  slowly,
  storedTimes,
  untilHealed,
} from "./healing-for-test.js";
import type { StateStore } from "./states/state-store.js";
import type { FakeFleet } from "./worker-on-fakes.js";

/** The audit's first entry once more, as if it were of this event; `spoil` changes its bytes. */
async function appendEntryOf(
  fleet: FakeFleet,
  event: Event,
  spoil = (bytes: Buffer): Buffer => bytes,
): Promise<void> {
  const { auditTopic } = fleet.names;
  const entry = (await recordsOf(fleet, auditTopic)).find(
    ({ key }) => auditRecordKind(key!)?.kind === "entry",
  )!;
  const decoded = decodeAuditEntry(entry.value!);
  const value = new AuditEntryEncoder(framedSchemaId(entry.value!)!).encode({
    ...decoded,
    event: spoil(fleet.recordOf(event).value!.subarray(FRAME_BYTES)),
  });
  const key = spoil(auditEntryKey(event.user, 0, decoded.offset, event.eventId));
  await fleet.log.append(auditTopic, [{ partition: 0, key, value }]);
}

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

  /** One of whose two partitions that is so, which lacks user a's only record. */
  async function halfStrandedFleet(): Promise<{ fleet: FakeFleet; other: string }> {
    const fleet = await fleetOf(2);
    const users = ["a", "b", "c", "d"];
    const records = users.map((user) =>
      fleet.recordOf(fleet.eventOf({ user, timeStamp: SECOND, sts: 0, attributes: {} })),
    );
    const stranded = records[0]!.partition;
    await fleet.produce(records);
    await applyAll(fleet);
    fleet.states.lose(bucketOf(Buffer.from("a")));
    fleet.log.truncateBefore(fleet.names.eventsTopic, stranded, 1);
    return { fleet, other: users[records.findIndex(({ partition }) => partition !== stranded)]! };
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
    const reader = slowly(fleet, auditTopic, () => undefined);
    await heal(fleet, { reader });
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
  });

  test("is rebuilt anew when the store is emptied in the middle", async () => {
    const { fleet, events } = await strandedFleet();
    const reader = slowly(fleet, fleet.names.auditTopic, (reads) => {
      if (reads === 15 || reads === 40) fleet.states.restore(new Map());
    });
    const lines = await heal(fleet, { reader });
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(lines.of("healing begins")).toHaveLength(3);
  });

  test("is rebuilt anew when the store loses a bucket of which nothing more is to come", async () => {
    const { fleet, events } = await strandedFleet();
    const { auditTopic } = fleet.names;
    const entries = (await recordsOf(fleet, auditTopic)).length;
    const reader = slowly(fleet, auditTopic, (reads) => {
      // Before the last entry, which is user 4's.
      if (reads === entries) fleet.states.lose(bucketOf(Buffer.from("user 0")));
    });
    const lines = await heal(fleet, { reader });
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(lines.of("healing begins")).toHaveLength(2);
  });

  test("asks the store about no arrival that is older than what it brought before", async () => {
    const { fleet, events } = await strandedFleet();
    const asked: number[] = [];
    const states: StateStore = {
      ...fleet.storeWith((updates) => fleet.states.apply(updates)),
      rebuild: async (calls) => {
        asked.push(...calls.flatMap((call) => call.states.map(({ order }) => order.timeStamp)));
        return await fleet.states.rebuild(calls);
      },
    };
    const reader = slowly(fleet, fleet.names.auditTopic, () => undefined);
    await heal(fleet, { reader, states });
    const newest = new Map<string, number>();
    const newer = events.filter(({ user, timeStamp }) => {
      const isNewer = timeStamp > (newest.get(user) ?? -Infinity);
      if (isNewer) newest.set(user, timeStamp);
      return isNewer;
    });
    expect(newer.length).toBeLessThan(events.length);
    expect(asked).toEqual(newer.map(({ timeStamp }) => timeStamp));
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
  });

  test("is rebuilt by the next owner when a rebalance comes in the middle", async () => {
    const { fleet, events } = await strandedFleet();
    let others = 0;
    const reader = slowly(fleet, fleet.names.auditTopic, (reads) => {
      if (reads !== 10 && reads !== 30) return;
      others++;
      fleet.coordinator.rebalance();
    });
    const lines = await heal(fleet, { reader });
    expect(others).toBe(2);
    expect(lines.of("healing begins")).toHaveLength(3);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
  });

  test("lets the others go on while it is rebuilt, and does not hold up a stop", async () => {
    const { fleet, other } = await halfStrandedFleet();
    const held = new Promise<void>(() => undefined);
    const worker = fleet.worker({ reader: slowly(fleet, fleet.names.auditTopic, () => held) });
    await worker.start();
    const newer = fleet.eventOf({ user: other, timeStamp: 2 * SECOND, sts: 0, attributes: {} });
    await fleet.produce([fleet.recordOf(newer)]);
    await eventually("applied", () => storedTimes(fleet).get(other) === printTime(2 * SECOND));
    await worker.stop();
    expect(storedTimes(fleet).has("a")).toBe(false);
  });

  test("is fetched soon after, as no fetch of the others waits long meanwhile", async () => {
    const { fleet } = await halfStrandedFleet();
    const waits: { partitions: number; waitMs: number }[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = slowly(fleet, fleet.names.auditTopic, () => held);
    const reader: LogReader = {
      ...slow,
      readMany: async (topic, positions, limits) => {
        if (topic === fleet.names.eventsTopic)
          waits.push({ partitions: positions.size, waitMs: limits.waitMs });
        return await slow.readMany(topic, positions, { ...limits, waitMs: 2 });
      },
    };
    const worker = fleet.worker({ reader, settings: { fetchWaitMs: 400 } });
    await worker.start();
    await eventually("the others are fetched", () => waits.some(({ partitions }) => partitions === 1));
    release();
    await eventually("all are fetched", () => waits.some(({ partitions }) => partitions === 2));
    await worker.stop();
    const waitsOf = (partitions: number): Set<number> =>
      new Set(waits.filter((wait) => wait.partitions === partitions).map(({ waitMs }) => waitMs));
    expect(waitsOf(1)).toEqual(new Set([100]));
    expect(waitsOf(2)).toEqual(new Set([400]));
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

  test("takes no time from the audit that no event may have: one so old is the greatest of orders", async () => {
    const { fleet } = await strandedFleet();
    await appendEntryOf(
      fleet,
      fleet.eventOf({ user: "user 1", timeStamp: -(2 ** 52) - 1, sts: 0, attributes: {} }),
    );
    const worker = fleet.worker();
    await worker.start();
    await expect(worker.ended).rejects.toThrow("cannot be read at offset 27: a time is outside");
    await worker.stop();
  });

  test.each([
    ["a\0b", "holds a NUL"],
    ["a".repeat(257), "longer than 256 bytes"],
    ["bus X", "a text is not valid UTF-8"],
  ])("takes no entry from the audit of %j, who is no legal user: %s", async (user, problem) => {
    const { fleet } = await strandedFleet();
    // An X stands for a byte that is no UTF-8.
    const spoiled = (bytes: Buffer): Buffer =>
      Buffer.from(bytes.toString("latin1").replace("bus X", "bus \xff"), "latin1");
    await appendEntryOf(fleet, fleet.eventOf({ user, timeStamp: 0, sts: 0, attributes: {} }), spoiled);
    const worker = fleet.worker();
    await worker.start();
    await expect(worker.ended).rejects.toThrow(`cannot be read at offset 27: `);
    await expect(worker.ended).rejects.toThrow(problem);
    await worker.stop();
  });

  test("takes no entry from the audit that stands under another's key, as the view does not", async () => {
    const { fleet } = await strandedFleet();
    const { auditTopic } = fleet.names;
    const [one, other] = (await recordsOf(fleet, auditTopic)).filter(
      ({ key }) => auditRecordKind(key!)?.kind === "entry",
    ) as [LogRecord, LogRecord];
    await fleet.log.append(auditTopic, [{ partition: 0, key: one.key, value: other.value }]);
    const worker = fleet.worker();
    await worker.start();
    await expect(worker.ended).rejects.toThrow("cannot be read at offset 27: its key is another entry's");
    await worker.stop();
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
