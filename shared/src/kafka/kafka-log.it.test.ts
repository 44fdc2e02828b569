import { afterEach, expect, test } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "../logging/index.js";
import { bufferOf, type AppendRecord } from "./appender.js";
import { createKafka } from "./create-kafka.js";
import { KafkaAppender } from "./kafka-appender.js";
import { KafkaLogReader } from "./kafka-log-reader.js";
import { describeLog, readAll, record } from "./log.contract.js";
import { TestTopics, testKafkaSettings } from "./test-broker.js";

/** The broker aborts it then, should the test fail to end it. */
const TRANSACTION_TIMEOUT_MS = 30_000;
const RECORD_BYTES_MAX = 1_048_588;
/** Head of a batch, and lengths and attributes of its only record without key and headers. */
const BATCH_OVERHEAD_BYTES = 61 + 11;

async function open(partitions: number, configuration: Record<string, string> = {}) {
  const topics = new TestTopics();
  const topic = await topics.create(partitions, configuration);
  const options = { settings: testKafkaSettings(), logger: silentLogger };
  const reader = new KafkaLogReader(options);
  const appender = new KafkaAppender(options);
  const log = {
    topics,
    topic,
    partitions,
    reader,
    appender,
    recordBytesMax: RECORD_BYTES_MAX,
    openTransaction: (within: AppendRecord) => openTransaction(topic, within),
    truncateBefore: (partition: number, offset: number) =>
      topics.admin.deleteRecords(topic, partition, offset),
    close: async () => {
      await appender.close();
      await reader.close();
      await topics.removeAll();
    },
  };
  opened.push(log);
  return log;
}

async function openTransaction(
  topic: string,
  { partition, key, value }: AppendRecord,
): Promise<() => Promise<void>> {
  const kafka = createKafka(testKafkaSettings(), { logger: silentLogger });
  const producer = kafka.producer({
    transactionalId: topic,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
  });
  opened.push({ close: () => producer.disconnect() });
  await producer.connect();
  const transaction = await producer.transaction();
  const message = { partition, key: key && bufferOf(key), value: value && bufferOf(value) };
  await transaction.send({ topic, messages: [message] });
  return () => transaction.commit();
}

/** Closed also where a test fails, or its connections would keep the process. */
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
});

describeLog("Kafka", () => open(4, { "max.message.bytes": String(RECORD_BYTES_MAX) }));

test("takes a record of exactly the topic's limit, and refuses one byte more", async () => {
  const log = await open(1, { "max.message.bytes": "100000" });
  const value = Buffer.alloc(100_000 - BATCH_OVERHEAD_BYTES, 1);
  await log.appender.append(log.topic, [{ partition: 0, key: null, value }]);
  const longer = Buffer.alloc(value.length + 1, 1);
  await expect(
    log.appender.append(log.topic, [{ partition: 0, key: null, value: longer }]),
  ).rejects.toMatchObject({
    name: "RecordTooLargeError",
    recordBytes: longer.length,
  });
  expect(await readAll(log, 0)).toHaveLength(1);
});

test("cuts a send that is too large for a topic with a small limit", async () => {
  const log = await open(1, { "max.message.bytes": "20000" });
  const records = Array.from({ length: 100 }, (_, index) => record(0, String(index), "x".repeat(1000)));
  await log.appender.append(log.topic, records);
  expect((await readAll(log, 0)).map(({ key }) => String(key))).toEqual(
    records.map(({ key }) => String(key)),
  );
});

test("reads what was compressed with gzip, and names a codec that it does not read", async () => {
  const log = await open(1);
  const gzip = new KafkaAppender({
    settings: testKafkaSettings(),
    logger: silentLogger,
    compression: "gzip",
  });
  const records = Array.from({ length: 500 }, (_, index) => record(0, String(index), "x".repeat(200)));
  await gzip.append(log.topic, records);
  await gzip.close();
  expect((await readAll(log, 0)).map(({ value }) => String(value))).toEqual(
    records.map(({ value }) => String(value)),
  );
  const compressed = await open(1, { "compression.type": "zstd" });
  await compressed.appender.append(compressed.topic, [record(0, "a", "1")]);
  await expect(readAll(compressed, 0)).rejects.toThrow(/offset 0 cannot be read: it is compressed with zstd/);
});

const CODECS = ["snappy", "lz4", "zstd"];

test.each(CODECS)(
  "does not step over a batch in %s, and says where it stands and what to do",
  async (codec) => {
    const log = await open(2, { "compression.type": codec });
    await log.appender.append(log.topic, [record(1, "a", "1")]);
    const reading = readAll(log, 1);
    await expect(reading).rejects.toMatchObject({
      name: "UnreadableBatchError",
      topic: log.topic,
      partition: 1,
    });
    await expect(reading).rejects.toMatchObject({ baseOffset: 0, fix: expect.stringContaining("gzip") });
    // Asked again, it is still there.
    await expect(log.reader.read(log.topic, 1, 0, { bytesMax: 1000, waitMs: 0 })).rejects.toThrow(codec);
  },
);

/** Past any number of turns that a cleaner needs in a test's time. */
const NUDGES_MAX = 100;

test("passes the holes that compaction left, without spinning", async () => {
  const log = await open(1, {
    "cleanup.policy": "compact",
    "segment.ms": "300",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "100",
  });
  for (let turn = 0; turn < 10; turn++) {
    const doubled = Array.from({ length: 100 }, (_, index) => record(0, `key-${index}`, `value ${turn}`));
    await log.appender.append(log.topic, doubled);
  }
  // A segment is closed only when something is appended after its time. Each nudge stays: its key is new.
  let records = await readAll(log, 0);
  let nudges = 0;
  for (; nudges < NUDGES_MAX && records.length > 100 + nudges; nudges++) {
    await log.appender.append(log.topic, [record(0, `nudge-${nudges}`, "")]);
    await sleep(350);
    records = await readAll(log, 0);
  }
  expect(records).toHaveLength(100 + nudges);

  const { start, end } = (await log.reader.ends(log.topic)).get(0) as { start: number; end: number };
  const newest = new Map(records.map(({ key, value }) => [String(key), String(value)]));
  expect(newest.size).toBe(100 + nudges);
  expect(newest.get("key-99")).toBe("value 9");
  // From every offset, also inside a hole, the first record is the next one that exists.
  for (let offset = start; offset < end; offset += 37) {
    const next = records.find((candidate) => candidate.offset >= offset);
    const slice = await log.reader.read(log.topic, 0, offset, { bytesMax: 1000, waitMs: 1000 });
    expect(slice.records[0]?.offset ?? -1).toBe(next?.offset ?? -1);
    expect(slice.nextOffset).toBeGreaterThan(offset);
    expect(await log.reader.appendedAt(log.topic, 0, offset)).toBe(next?.appendedAtMs);
  }
  let reads = 0;
  for (let position = start; position < end; reads++) {
    position = (await log.reader.read(log.topic, 0, position, { bytesMax: 1000, waitMs: 1000 })).nextOffset;
  }
  expect(reads).toBeLessThanOrEqual(records.length + 1);
}, 60_000);
