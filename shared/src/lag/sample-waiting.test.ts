import { expect, test } from "@jest/globals";
import { EventEncoder, evolveEventSchema } from "../avro/index.js";
import { MemoryLog } from "../kafka/memory-log.js";
import type { WaitingSample } from "./lag-facts.js";
import { lookAtWaiting, SAMPLE_RECORDS_MAX, summaryOf } from "./sample-waiting.js";

const TOPIC = "fleet.events";
const HOUR_MICROS = 3_600_000_000;
const encoder = new EventEncoder(evolveEventSchema(undefined, []), 1);

interface Sent {
  readonly user: string;
  readonly lateHours?: number;
}

async function logOf(sent: readonly Sent[]): Promise<MemoryLog> {
  const log = new MemoryLog({ topics: { [TOPIC]: 1 } });
  const sts = Date.UTC(2024, 0, 1) * 1000;
  await log.append(
    TOPIC,
    sent.map(({ user, lateHours = 0 }) => {
      const timeStamp = sts - lateHours * HOUR_MICROS;
      const event = { user, timeStamp, sts, attributes: {}, eventId: "0".repeat(32) };
      return { partition: 0, key: Buffer.from(user), value: encoder.encode(event) };
    }),
  );
  return log;
}

/** Of all that waits from an offset on; what is committed meanwhile is no part of it. */
async function sampled(log: MemoryLog, offset: number, committed = offset): Promise<WaitingSample> {
  const { end = 0 } = (await log.ends(TOPIC)).get(0) ?? {};
  const looked = await lookAtWaiting(log, { topic: TOPIC, partition: 0, offset, end });
  return summaryOf(looked, committed);
}

const sentBy = (count: number, sent: Sent): Sent[] => Array.from({ length: count }, () => sent);

test("whose records wait from an offset on, and how old they were when they came", async () => {
  const log = await logOf([
    { user: "before" },
    { user: "a", lateHours: 2 },
    { user: "b" },
    { user: "a", lateHours: 5 },
    { user: "a", lateHours: 0.9 },
    { user: "c", lateHours: 3 },
  ]);
  expect(await sampled(log, 1)).toEqual({
    events: 5,
    topUser: "a",
    ofTopUser: 3,
    old: 3,
    oldBySeconds: 3 * 3600,
  });
});

test("what is no event says nothing", async () => {
  const log = await logOf([{ user: "a" }]);
  const values = [null, Buffer.from("no frame"), Buffer.from([0, 0, 0, 0, 1, 2])];
  await log.append(
    TOPIC,
    values.map((value) => ({ partition: 0, key: Buffer.from("a"), value })),
  );
  expect(await sampled(log, 0)).toMatchObject({ events: 1, topUser: "a", ofTopUser: 1 });
  expect(await sampled(log, 4)).toMatchObject({ events: 0, topUser: "" });
});

test("however much waits, only so many are looked at", async () => {
  const log = await logOf(sentBy(SAMPLE_RECORDS_MAX + 500, { user: "a" }));
  expect((await sampled(log, 500)).events).toBe(SAMPLE_RECORDS_MAX);
  const { events } = await sampled(log, 0);
  expect(events).toBeGreaterThan(SAMPLE_RECORDS_MAX / 2);
  expect(events).toBeLessThanOrEqual(SAMPLE_RECORDS_MAX);
});

test("what comes first does not stand for all", async () => {
  const log = await logOf([...sentBy(1000, { user: "a", lateHours: 2 }), ...sentBy(4400, { user: "b" })]);
  const { events, topUser, old } = await sampled(log, 0);
  expect(topUser).toBe("b");
  expect(Math.abs(old / events - 1000 / 5400)).toBeLessThan(0.05);
});

test("few records that are too great for one read are looked at here and there, too", async () => {
  const long = "x".repeat(2000);
  const log = await logOf([
    ...sentBy(200, { user: long, lateHours: 2 }),
    ...sentBy(600, { user: `${long}y` }),
  ]);
  const { events, topUser, old } = await sampled(log, 0);
  expect(events).toBeLessThan(800);
  expect(topUser).toBe(`${long}y`);
  expect(Math.abs(old / events - 200 / 800)).toBeLessThan(0.1);
});

test("what was committed since it was looked at counts no more", async () => {
  const log = await logOf([...sentBy(300, { user: "a", lateHours: 2 }), ...sentBy(100, { user: "b" })]);
  expect(await sampled(log, 0, 250)).toMatchObject({ events: 150, topUser: "b", ofTopUser: 100, old: 50 });
});

test("behind a transaction that is open nothing can be looked at", async () => {
  const log = await logOf([]);
  log.openTransaction(TOPIC, 0);
  await log.append(TOPIC, [{ partition: 0, key: null, value: Buffer.from("undecided") }]);
  const looked = await lookAtWaiting(log, { topic: TOPIC, partition: 0, offset: 0, end: 1 });
  expect(looked).toEqual({ events: [], end: undefined });
});
