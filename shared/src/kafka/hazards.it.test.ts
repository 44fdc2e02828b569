// Hazards of kafkajs on a real broker, by the numbers of docs/hazards.md.

import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, jest, test } from "@jest/globals";
import { silentLogger } from "../logging/index.js";
import { BrokerConnections } from "./broker-connections.js";
import { createKafka, openSocket } from "./create-kafka.js";
import { INFLATED_BATCH_BYTES_MAX } from "./gzip.js";
import { KafkaAppender } from "./kafka-appender.js";
import { KafkaLogReader } from "./kafka-log-reader.js";
import type { InternalConnection } from "./kafkajs-internals.js";
import { readAll, record } from "./log.contract.js";
import { TestTopics, testKafkaSettings } from "./test-broker.js";

const options = { settings: testKafkaSettings(), logger: silentLogger };
const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

async function topicOf(configuration: Record<string, string> = {}): Promise<string> {
  const topics = new TestTopics();
  opened.push(() => topics.removeAll());
  return await topics.create(1, configuration);
}

function reader(): KafkaLogReader {
  const made = new KafkaLogReader(options);
  opened.push(() => made.close());
  return made;
}

function appender(more: { compression?: "gzip" } = {}): KafkaAppender {
  const made = new KafkaAppender({ ...options, ...more });
  opened.push(() => made.close());
  return made;
}

test("TLS asked of a listener without it is waited for, and the setting is named", async () => {
  const settings = { ...options.settings, tls: {} };
  const encrypted = new KafkaLogReader({ ...options, settings, callDeadlineMs: 500 });
  opened.push(() => encrypted.close());
  const asked = encrypted.ends("any");
  await expect(asked).rejects.toMatchObject({ name: "KafkaUnavailableError" });
  await expect(asked).rejects.toThrow("LASTKNOWN_KAFKA_TLS=off");
});

/** More than a cleaner needs in a test's time. */
const NUDGES_MAX = 60;

test("K7: a batch of an idempotent producer that compaction emptied is passed, in one read", async () => {
  const topic = await topicOf({
    "cleanup.policy": "compact",
    "segment.ms": "300",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "100",
  });
  const producer = createKafka(options.settings, { logger: silentLogger }).producer({ idempotent: true });
  opened.push(() => producer.disconnect());
  await producer.connect();
  const emptied = "emptied";
  await producer.send({ topic, messages: [{ key: emptied, value: "1" }], acks: -1 });
  const log = { topic, reader: reader() };
  const append = appender();
  // The broker keeps the last batch of each producer, empty; others of its batches go for good.
  for (let nudge = 0; nudge < NUDGES_MAX; nudge++) {
    await append.append(topic, [record(0, emptied, "2"), record(0, `nudge ${nudge}`, "")]);
    await sleep(350);
    const first = (await readAll(log, 0))[0];
    if (first !== undefined && first.offset > 0) break;
  }
  // So few bytes hold the emptied batch and the beginning of the next one.
  const slice = await log.reader.read(topic, 0, 0, { bytesMax: 70, waitMs: 1000 });
  expect(slice).toMatchObject({ records: [], nextOffset: 1 });
  const values = (await readAll(log, 0)).filter(({ key }) => String(key) === emptied);
  expect(values.map(({ value }) => String(value))).not.toContain("1");
}, 60_000);

test("K9: every connection to a broker sends small requests at once", async () => {
  const noDelay = jest.spyOn(Socket.prototype, "setNoDelay");
  const sockets: Socket[] = [];
  const connections = new KafkaLogReader({
    ...options,
    openSocket: (socketOptions) => {
      const socket = openSocket(socketOptions);
      sockets.push(socket);
      return socket;
    },
  });
  opened.push(() => connections.close());
  const topic = await topicOf();
  await connections.read(topic, 0, 0, { bytesMax: 1000, waitMs: 10 });
  expect(sockets.length).toBeGreaterThan(0);
  for (const socket of sockets) expect(noDelay.mock.contexts).toContain(socket);
  noDelay.mockRestore();
});

test("K10: an idle connection plans nothing", async () => {
  const topic = await topicOf();
  const connections = new BrokerConnections(options);
  opened.push(() => connections.close());
  const leader = (await connections.leadersOf(topic)).get(0) as number;
  const broker = await connections.broker(leader);
  await broker.listOffsets({
    isolationLevel: 0,
    topics: [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }],
  });
  const connection = (await broker.connectionPool.getConnection(0)) as InternalConnection & {
    requestQueue: { throttleCheckTimeoutId: unknown };
  };
  await sleep(50);
  expect(connection.requestQueue.throttleCheckTimeoutId).toBeNull();
});

test("K11: half a kilobyte that becomes far more than a batch may is refused, and not stepped over", async () => {
  const topic = await topicOf();
  const bomb = Buffer.alloc(INFLATED_BATCH_BYTES_MAX + 1);
  await appender({ compression: "gzip" }).append(topic, [{ partition: 0, key: null, value: bomb }]);
  await expect(readAll({ topic, reader: reader() }, 0)).rejects.toMatchObject({
    name: "UnreadableBatchError",
    baseOffset: 0,
    topic,
    partition: 0,
  });
});

test("K2: a batch whose answer was lost stands once more at most for each loss, and is never missing, as no producer id is used", async () => {
  const topic = await topicOf();
  const sockets = new Set<Socket>();
  const cutting = new KafkaAppender({
    ...options,
    openSocket: (socketOptions) => {
      const socket = openSocket(socketOptions);
      sockets.add(socket);
      return socket;
    },
  });
  opened.push(() => cutting.close());
  const appends = Array.from({ length: 40 }, async (_, index) => {
    await sleep(index * 5);
    const appended = cutting.append(topic, [record(0, "k", String(index))]);
    if (index % 10 === 9) setTimeout(() => sockets.forEach((socket) => socket.destroy(new Error("cut"))), 1);
    await appended;
  });
  await Promise.all(appends);
  const values = (await readAll({ topic, reader: reader() }, 0)).map(({ value }) => Number(String(value)));
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index));
  // There were four cuts.
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(1 + 4);
});
