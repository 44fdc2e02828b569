import { describe, expect, test } from "@jest/globals";
import { EventEncoder, evolveEventSchema } from "../avro/index.js";
import { MemoryLog } from "../kafka/memory-log.js";
import { LagWatch } from "./lag-watch.js";
import { WaitingSamples, type WaitingSamplesOptions } from "./waiting-samples.js";

const TOPIC = "fleet.events";
const HUNG_DEADLINE_MS = 200;
const encoder = new EventEncoder(evolveEventSchema(undefined, []), 1);

/** Partitions in which so many records wait, all of one user; what is read is noted, and by what partition. */
async function waiting(counts: readonly number[], options: Partial<WaitingSamplesOptions> = {}) {
  const log = new MemoryLog({ topics: { [TOPIC]: counts.length } });
  const value = encoder.encode({
    user: "bus 7",
    timeStamp: 0,
    sts: 0,
    attributes: {},
    eventId: "0".repeat(32),
  });
  const append = (partition: number, count: number): Promise<void> =>
    log.append(
      TOPIC,
      Array.from({ length: count }, () => ({ partition, key: null, value })),
    );
  for (const [partition, count] of counts.entries()) await append(partition, count);
  const read: number[] = [];
  /** Of a leader that hangs. */
  const hung = new Set<number>();
  const watch = new LagWatch();
  const samples = new WaitingSamples({
    reader: {
      read: async (...place) => {
        read.push(place[1]);
        if (hung.has(place[1])) return await new Promise<never>(() => undefined);
        return await log.read(...place);
      },
    },
    topic: TOPIC,
    readsMax: 16,
    ...options,
  });
  /** Reads since the look before, at a second of a clock, with so much committed of all partitions. */
  const look = async (seconds: number, committed = 0): Promise<number[]> => {
    const commits = new Map(counts.map((_, partition) => [partition, { offset: committed, note: "" }]));
    const atMs = seconds * 1000;
    watch.look({ atMs, nowMs: atMs, ends: await log.ends(TOPIC), commits, group: undefined });
    await samples.refresh(watch, atMs);
    return read.splice(0);
  };
  return { samples, look, append, hung };
}

describe("samples of what waits", () => {
  test("are taken where much waits, and again once they are old", async () => {
    const { samples, look } = await waiting([100, 99]);
    expect(await look(0)).toEqual([0]);
    expect(samples.of(0)).toMatchObject({ events: 100, topUser: "bus 7" });
    expect(samples.of(1)).toBeUndefined();
    for (let second = 1; second <= 15; second++) expect(await look(second)).toEqual([]);
    expect(await look(16)).toEqual([0]);
  });

  test("are forgotten where little waits meanwhile", async () => {
    const { samples, look } = await waiting([200]);
    await look(0);
    expect(await look(1, 150)).toEqual([]);
    expect(samples.of(0)).toBeUndefined();
  });

  test("tell of what still waits, and are taken again once nothing of it does", async () => {
    const { samples, look, append } = await waiting([400]);
    await look(0);
    expect(await look(1, 150)).toEqual([]);
    expect(samples.of(0)).toMatchObject({ events: 250 });
    await append(0, 1000);
    expect(await look(2, 399)).toEqual([]);
    expect(samples.of(0)).toMatchObject({ events: 1 });
    expect(await look(3, 400)).toEqual([0]);
    expect(samples.of(0)).toMatchObject({ events: 1000 });
  });

  test("are taken in several places where very much waits", async () => {
    const { samples, look } = await waiting([5000]);
    const reads = await look(0);
    expect(reads).toEqual(Array(5).fill(0));
    expect(samples.of(0)).toMatchObject({ events: 1000 });
  });

  test("are taken so many at a time, where most waits first", async () => {
    const { look } = await waiting([200, 300, 400], { readsMax: 2 });
    expect([await look(0), await look(1), await look(2)]).toEqual([[2, 1], [0], []]);
  });

  test("are taken only of the partitions in which most waits", async () => {
    const { look } = await waiting([200, 300, 400], { partitionsMax: 2 });
    expect([await look(0), await look(1)]).toEqual([[2, 1], []]);
  });

  test("hold no look for longer, whatever hangs, and then come from those that answer", async () => {
    const counts = Array.from({ length: 8 }, (_, partition) => 200 - partition);
    const { samples, look, hung } = await waiting(counts, { deadlineMs: HUNG_DEADLINE_MS });
    for (let partition = 0; partition < 7; partition++) hung.add(partition);
    const reads: number[] = [];
    for (let second = 0; second < 8; second++) {
      const newReads = await look(second);
      // The second one begins within the deadline only where the clock is coarse.
      expect(newReads.filter((partition) => hung.has(partition)).length).toBeLessThanOrEqual(2);
      reads.push(...newReads);
    }
    expect(reads).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(samples.of(7)).toMatchObject({ events: 193 });
    expect(samples.of(0)).toBeUndefined();
    hung.clear();
    await look(16);
    expect(samples.of(0)).toMatchObject({ events: 200 });
  });

  test("are missing where the log does not give the records, until they are tried again", async () => {
    const reader = { read: () => Promise.reject(new Error("away")) };
    const { samples, look } = await waiting([200], { reader });
    await look(0);
    expect(samples.of(0)).toBeUndefined();
  });
});
