import { expect, test } from "@jest/globals";
import { EventEncoder, evolveEventSchema } from "../avro/index.js";
import { MemoryLog } from "../kafka/memory-log.js";
import { SAMPLE_RECORDS_MAX, sampleWaiting } from "./sample-waiting.js";

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

const place = (offset: number) => ({ topic: TOPIC, partition: 0, offset });

test("whose records wait from an offset on, and how old they were when they came", async () => {
  const log = await logOf([
    { user: "before" },
    { user: "a", lateHours: 2 },
    { user: "b" },
    { user: "a", lateHours: 5 },
    { user: "a", lateHours: 0.9 },
    { user: "c", lateHours: 3 },
  ]);
  expect(await sampleWaiting(log, place(1))).toEqual({
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
  expect(await sampleWaiting(log, place(0))).toMatchObject({ events: 1, topUser: "a", ofTopUser: 1 });
  expect(await sampleWaiting(log, place(4))).toMatchObject({ events: 0, topUser: "" });
});

test("however much waits, only so many are looked at", async () => {
  const log = await logOf(Array.from({ length: SAMPLE_RECORDS_MAX + 500 }, () => ({ user: "a" })));
  expect((await sampleWaiting(log, place(0))).events).toBeLessThanOrEqual(SAMPLE_RECORDS_MAX);
});
