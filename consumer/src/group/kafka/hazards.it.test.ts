// Hazards of kafkajs's consumer on a real broker, by the numbers of docs/hazards.md.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { KafkaAdmin, KafkaAppender, loadSettings, silentLogger } from "@lastknown/shared";
import { Kafka, type Consumer, type RequestEvent } from "kafkajs";
import { eventually } from "../../eventually.js";
import { KafkaWorkerGroup } from "./kafka-worker-group.js";

const settings = loadSettings().kafka;
const PARTITIONS = 2;
/** In which kafkajs looks many times for partitions that it may fetch. */
const LOOKS_MS = 1_500;
/** A broker takes none below 6 s by default, and kafkajs does not try such a join again. */
const REFUSED_SESSION_MS = 1_000;

let topic: string;
const closing: (() => Promise<void>)[] = [];
/** As KafkaWorkerGroup makes them. */
const consumers = jest.spyOn(Kafka.prototype, "consumer");

beforeEach(async () => {
  topic = `hazards-${randomUUID()}`;
  const admin = new KafkaAdmin({ settings, logger: silentLogger });
  closing.push(async () => {
    await admin.deleteTopics([topic]);
    await admin.close();
  });
  await admin.createTopics([{ topic, partitions: PARTITIONS, replicationFactor: 1, configuration: {} }]);
});

afterEach(async () => {
  consumers.mockClear();
  for (const close of closing.splice(0).toReversed()) await close();
});

function member(sessionTimeoutMs = 6_000): KafkaWorkerGroup {
  const group = new KafkaWorkerGroup({
    settings,
    membership: { sessionTimeoutMs, heartbeatIntervalMs: 200 },
    group: `${topic}.worker`,
    topic,
    logger: silentLogger,
  });
  closing.push(() => group.leave());
  return group;
}

test("K3, K5, K13: kafkajs fetches no record and calls no handler, before and after a rebalance", async () => {
  const appender = new KafkaAppender({ settings, logger: silentLogger });
  closing.push(() => appender.close());
  const records = Array.from({ length: 100 }, (_, index) => {
    return { partition: index % PARTITIONS, key: null, value: Buffer.from(String(index)) };
  });
  await appender.append(topic, records);

  let fetches = 0;
  let batches = 0;
  const assigned: number[] = [];
  for (const index of [0, 1]) {
    const group = member();
    const consumer = consumers.mock.results[index]?.value as Consumer;
    consumer.on(consumer.events.REQUEST, ({ payload }) => void (fetches += Number(isFetch(payload))));
    consumer.on(consumer.events.START_BATCH_PROCESS, () => void batches++);
    await group.join({
      assigned: (_generation, partitions) => void (assigned[index] = partitions.length),
      revoked: () => undefined,
      failed: () => undefined,
    });
    // The second takes one of the first's partitions.
    await eventually("shared", () => assigned.slice(0, index + 1).every((count) => count === 2 - index));
    await sleep(LOOKS_MS);
  }
  expect({ fetches, batches }).toEqual({ fetches: 0, batches: 0 });
});

function isFetch({ apiName }: RequestEvent["payload"]): boolean {
  return apiName === "Fetch";
}

test("K3: a membership that kafkajs gives up for good is told as a failure, not left dead in a live process", async () => {
  let failure: Error | undefined;
  await member(REFUSED_SESSION_MS).join({
    assigned: () => undefined,
    revoked: () => undefined,
    failed: (error) => void (failure = error),
  });
  await eventually("told", () => failure !== undefined);
  expect(failure).toMatchObject({ type: "INVALID_SESSION_TIMEOUT" });
});
