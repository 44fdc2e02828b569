import { afterEach, expect, test } from "@jest/globals";
import { INFLATED_BATCH_BYTES_MAX, INFLATED_READ_BYTES_MAX } from "./gzip.js";
import type { KafkaLogReader } from "./kafka-log-reader.js";
import { ScriptedLog, valuesOf, type ScriptedLogOptions } from "./scripted-log-for-test.js";

const OFFSET_OUT_OF_RANGE = 1;
const READ = { bytesMax: 1024 * 1024, waitMs: 1000 };

const opened: KafkaLogReader[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((reader) => reader.close()));
});

function open(options: ScriptedLogOptions): { log: ScriptedLog; reader: KafkaLogReader } {
  const log = new ScriptedLog(options);
  const reader = log.reader();
  opened.push(reader);
  return { log, reader };
}

test("asks again about an offset that is in the log, as a leader just elected may not know its end yet", async () => {
  const { log, reader } = open({
    partitions: 1,
    errorCode: (fetch) => (fetch <= 2 ? OFFSET_OUT_OF_RANGE : 0),
  });
  await log.append(0, ["a", "b"]);
  expect(valuesOf(await reader.read("events", 0, 1, READ))).toEqual(["b"]);
  expect(log.fetches).toHaveLength(3);
});

test.each([0, 2])("asks again about offset %i, the start or the end of the log", async (offset) => {
  const { log, reader } = open({
    partitions: 1,
    errorCode: (fetch) => (fetch === 1 ? OFFSET_OUT_OF_RANGE : 0),
  });
  await log.append(0, ["a", "b"]);
  expect(await reader.read("events", 0, offset, { ...READ, waitMs: 1 })).toMatchObject({ nextOffset: 2 });
});

test("gives each partition its turn, where the first fills the answer", async () => {
  const { log, reader } = open({ partitions: 3 });
  const positions = new Map([0, 1, 2].map((partition) => [partition, 0]));
  for (const partition of positions.keys()) {
    for (let batch = 0; batch < 10; batch++) await log.append(partition, ["x".repeat(1000)]);
  }
  for (let read = 0; read < 6; read++) {
    const slices = await reader.readMany("events", positions, { ...READ, bytesMax: 1000 });
    for (const [partition, { nextOffset }] of slices) positions.set(partition, nextOffset);
  }
  expect([...positions.values()]).toEqual([2, 2, 2]);
});

test("inflates no more than a read may, over all its partitions, and gives the rest later", async () => {
  const { log, reader } = open({ partitions: 2 });
  const positions = new Map([
    [0, 0],
    [1, 0],
  ]);
  // Each partition's two batches take most of the budget, in some kilobytes.
  const bomb = Buffer.alloc(Math.floor(0.7 * INFLATED_READ_BYTES_MAX));
  for (const partition of [0, 1, 0, 1]) await log.append(partition, [bomb], "gzip");
  const given: number[] = [];
  while ([...positions.values()].some((offset) => offset < 2) && given.length < 10) {
    const slices = [...(await reader.readMany("events", positions, READ))];
    for (const [partition, { nextOffset }] of slices) positions.set(partition, nextOffset);
    const values = slices.flatMap(([, { records }]) => records.map(({ value }) => value?.length ?? 0));
    given.push(values.reduce((bytes, length) => bytes + length, 0));
  }
  expect([...positions.values()]).toEqual([2, 2]);
  expect(Math.max(...given)).toBeLessThanOrEqual(INFLATED_READ_BYTES_MAX + INFLATED_BATCH_BYTES_MAX);
  expect(given).toEqual([2 * bomb.length, 2 * bomb.length]);
});
