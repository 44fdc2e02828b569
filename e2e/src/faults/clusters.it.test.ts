import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import {
  connectRedis,
  KafkaAdmin,
  KafkaAppender,
  KafkaLogReader,
  loadSettings,
  silentLogger,
  waitUntilReady,
  type Settings,
} from "@lastknown/shared";
import { kafkaTool, parentToWatch, startStack, type RunningStack } from "@lastknown/stack";

jest.setTimeout(180_000);

const PARTITIONS = 6;
const LOAD_MS = 12_000;
const ELECTIONS_MAX = 5;
const ELECTION_PAUSE_MS = 2_000;

/** Hazards of the clients that show themselves on clusters alone, by the numbers of docs/hazards.md. */
describe("three brokers and six Redis nodes of these tests alone", () => {
  let stack: RunningStack;
  let settings: Settings;

  beforeAll(async () => {
    stack = await startStack({
      directory: join(tmpdir(), `lastknown-clusters-${randomUUID()}`),
      temporary: true,
      watched: parentToWatch(),
      brokers: 3,
      redisNodes: 6,
      onProgress: () => undefined,
    });
    settings = loadSettings({ environment: stack.environment });
  });
  afterAll(async () => stack?.stop());

  it("K1: no record that was acknowledged is missing after leaders moved in mid-send", async () => {
    const topic = `moved-${randomUUID()}`;
    const options = { settings: settings.kafka, logger: silentLogger };
    let refused = 0;
    const warn = (message: string): void => {
      if (message === "kafka did not acknowledge all that was sent") refused++;
    };
    const admin = new KafkaAdmin(options);
    const appender = new KafkaAppender({ ...options, logger: { ...silentLogger, warn } });
    const reader = new KafkaLogReader(options);
    try {
      const configuration = { "min.insync.replicas": "2" };
      await admin.createTopics([{ topic, partitions: PARTITIONS, replicationFactor: 3, configuration }]);
      const acknowledged = await appendUnderFault(appender, topic, async () => {
        stack.node("kafka-2").signal("SIGKILL");
        await pause(LOAD_MS / 2);
        await stack.restartNode("kafka-2");
        // Leaders move back to it while the others are there, and tell so of each partition by itself.
        for (let election = 0; election < ELECTIONS_MAX && refused === 0; election++) {
          await pause(ELECTION_PAUSE_MS);
          await electPreferredLeaders(settings);
        }
        await pause(ELECTION_PAUSE_MS);
      });
      expect(acknowledged.length).toBeGreaterThan(1000);
      const stored = await valuesOf(reader, topic);
      expect(acknowledged.filter((value) => !stored.has(value))).toEqual([]);
      expect(refused).toBeGreaterThan(0);
    } finally {
      await Promise.all([admin.close(), appender.close(), reader.close()]);
    }
  });

  it("R2: no call fails while a Redis master is killed and its replica takes over", async () => {
    const redis = connectRedis(settings.redis, silentLogger);
    try {
      await waitUntilReady(redis, settings.redis);
      const failures: unknown[] = [];
      let calls = 0;
      let slowestMs = 0;
      const endMs = performance.now() + LOAD_MS;
      stack.node("redis-1").signal("SIGKILL");
      while (performance.now() < endMs) {
        const begunMs = performance.now();
        const keys = Array.from({ length: 50 }, (_, index) => `hazard{${index}}`);
        const outcomes = await Promise.allSettled(keys.map((key) => redis.set(key, String(calls))));
        for (const outcome of outcomes) if (outcome.status === "rejected") failures.push(outcome.reason);
        calls += outcomes.length;
        slowestMs = Math.max(slowestMs, performance.now() - begunMs);
        await pause(5);
      }
      expect(failures.map(String)).toEqual([]);
      expect(calls).toBeGreaterThan(500);
      // It has felt the failover.
      expect(slowestMs).toBeGreaterThan(500);
    } finally {
      redis.disconnect();
      await stack.restartNode("redis-1");
    }
  });
});

async function electPreferredLeaders({ kafka }: Settings): Promise<void> {
  await kafkaTool("org.apache.kafka.tools.LeaderElectionCommand", [
    "--bootstrap-server",
    kafka.brokers.join(","),
    "--election-type",
    "preferred",
    "--all-topic-partitions",
  ]);
}

/** Appends to all partitions in each call until the fault is over; gives what was acknowledged. */
async function appendUnderFault(
  appender: KafkaAppender,
  topic: string,
  fault: () => Promise<void>,
): Promise<string[]> {
  const acknowledged: string[] = [];
  let isOver = false;
  const faulted = fault().finally(() => (isOver = true));
  for (let call = 0; !isOver; call++) {
    const values = Array.from({ length: PARTITIONS * 5 }, (_, index) => `${call}/${index}`);
    const records = values.map((value, index) => {
      return { partition: index % PARTITIONS, key: null, value: Buffer.from(value) };
    });
    await appender.append(topic, records);
    acknowledged.push(...values);
  }
  await faulted;
  return acknowledged;
}

async function valuesOf(reader: KafkaLogReader, topic: string): Promise<Set<string>> {
  const values = new Set<string>();
  for (const [partition, { start, end }] of await reader.ends(topic)) {
    for (let offset = start; offset < end;) {
      const slice = await reader.read(topic, partition, offset, { bytesMax: 1 << 20, waitMs: 1000 });
      for (const { value } of slice.records) values.add(String(value));
      offset = slice.nextOffset;
    }
  }
  return values;
}
