import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { silentLogger } from "../logging/index.js";
import { loadSettings } from "../settings/index.js";
import { KafkaAppender } from "./kafka-appender.js";
import { record } from "./log.contract.js";
import { ScriptedBrokers } from "./scripted-brokers-for-test.js";

const [MOVED, TOO_LARGE, TIMED_OUT, TOO_FEW_REPLICAS, REFUSED, UNKNOWN, INVALID_RECORD] = [
  6, 10, 7, 19, 29, 3, 87,
];

function appenderOver(connections: ScriptedBrokers, compression: "none" | "gzip" = "none"): KafkaAppender {
  return new KafkaAppender({
    settings: loadSettings({ environment: {} }).kafka,
    logger: silentLogger,
    connections,
    compression,
  });
}

test("puts the partitions of one broker into one request, and sends again, and only, what its answer lacks", async () => {
  const brokers = new ScriptedBrokers({
    answer: ({ request, partition }) => (request === 1 && partition === 1 ? "lost" : 0),
  });
  const records = [record(0, "a", "a"), record(1, "b", "b"), record(1, "c", "c"), record(2, "d", "d")];
  await appenderOver(brokers).append("events", records);
  expect(brokers.stored).toEqual(
    new Map([
      [0, ["a"]],
      [1, ["b", "c"]],
      [2, ["d"]],
    ]),
  );
  expect(brokers.requests.map(({ partitions }) => partitions)).toEqual([[0, 1, 2], [1]]);
});

test("cuts what is for one broker into requests of 4 MB at most", async () => {
  const brokers = new ScriptedBrokers({});
  const records = Array.from({ length: 8 }, (_, partition) => record(partition, "", "x".repeat(1_000_000)));
  await appenderOver(brokers).append("events", records);
  expect(brokers.requests.map(({ partitions }) => partitions)).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
  expect(brokers.stored.size).toBe(8);
});

test.each([MOVED, TIMED_OUT, TOO_FEW_REPLICAS, UNKNOWN])(
  "sends again after error %i, to the leader that it then finds",
  async (errorCode) => {
    const brokers: ScriptedBrokers = new ScriptedBrokers({
      nodes: 2,
      answer: ({ request, partition }) => {
        brokers.leaderOf = () => 0;
        return request <= 2 && partition === 1 ? errorCode : 0;
      },
    });
    await appenderOver(brokers).append("events", [record(0, "", "a"), record(1, "", "b")]);
    expect(brokers.stored.get(0)).toEqual(["a"]);
    expect(brokers.stored.get(1)).toEqual(["b"]);
    expect(brokers.requests).toEqual([
      { nodeId: 0, partitions: [0] },
      { nodeId: 1, partitions: [1] },
      { nodeId: 0, partitions: [1] },
    ]);
  },
);

test("gives up on a partition that no answer ever names, within the bound of a call", async () => {
  const brokers = new ScriptedBrokers({
    answer: ({ partition }) => (partition === 7 ? "lost" : 0),
    callDeadlineMs: 500,
  });
  await expect(
    appenderOver(brokers).append("events", [record(0, "", "a"), record(7, "", "b")]),
  ).rejects.toMatchObject({
    name: "KafkaUnavailableError",
    cause: { message: "Kafka's answer lacks events/7" },
  });
  expect(brokers.requests.length).toBeGreaterThan(2);
  expect(brokers.stored).toEqual(new Map([[0, ["a"]]]));
});

test("names a partition that does not exist, a right that is missing, and what was not foreseen", async () => {
  const codes = [0, UNKNOWN, REFUSED, INVALID_RECORD];
  const appender = appenderOver(new ScriptedBrokers({ answer: ({ partition }) => codes[partition] ?? 0 }));
  const appending = (partition: number) => appender.append("events", [record(partition, "", "")]);
  await expect(appending(1)).rejects.toMatchObject({
    name: "UnknownTopicError",
    topic: "events",
    partition: 1,
  });
  await expect(appending(99)).rejects.toMatchObject({ name: "UnknownTopicError", partition: 99 });
  await expect(appending(2)).rejects.toMatchObject({ name: "KafkaRefusedError" });
  await expect(appending(3)).rejects.toThrow("Kafka answered error 87 for events/3");
});

test("halves what is too large down to the records that are, and sends all others", async () => {
  const brokers = new ScriptedBrokers({
    answer: ({ values }) => (values.length > 2 || values.includes("huge") ? TOO_LARGE : 0),
  });
  const appender = appenderOver(brokers);
  const records = ["a", "b", "c", "d", "e", "huge", "f", "huge"].map((value) => record(0, "key", value));
  await expect(appender.append("events", records)).rejects.toMatchObject({
    name: "RecordTooLargeError",
    partition: 0,
    recordBytes: 7,
    refused: [records[5], records[7]],
    cause: { fault: "too-large" },
  });
  expect(brokers.stored.get(0)).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("tells of a failure rather than of a record that is too large", async () => {
  const brokers = new ScriptedBrokers({
    answer: ({ partition }) => (partition === 0 ? TOO_LARGE : INVALID_RECORD),
  });
  const records = [record(0, "", "huge"), record(1, "", "")];
  await expect(appenderOver(brokers).append("events", records)).rejects.toThrow("error 87");
});

test("does not send the rest of a partition's records after a part of them failed", async () => {
  const brokers = new ScriptedBrokers({
    answer: ({ values }) => (values[0]?.startsWith("1") ? INVALID_RECORD : 0),
  });
  const appender = appenderOver(brokers);
  const large = (name: string) => record(0, "a", name + "x".repeat(300_000));
  const first = appender.append("events", ["0", "1", "2"].map(large));
  const second = appender.append("events", [record(0, "b", "second")]);
  await expect(first).rejects.toThrow("error 87");
  await second;
  expect(brokers.stored.get(0)?.map((value) => value.slice(0, 2))).toEqual(["0x", "se"]);
});

test.each(["none", "gzip"] as const)(
  "cuts by bytes, a large record alone, in order (%s)",
  async (compression) => {
    const brokers = new ScriptedBrokers({});
    const small = Array.from({ length: 5000 }, (_, index) => record(0, "", String(index)));
    const large = Array.from({ length: 3 }, (_, index) => record(0, "", String(index).repeat(300_000)));
    const records = [...small, record(0, "", "x".repeat(600_000)), ...large];
    await appenderOver(brokers, compression).append("events", records);
    expect(brokers.requests).toHaveLength(5);
    expect(brokers.stored.get(0)).toEqual(records.map(({ value }) => String(value)));
    expect(brokers.largestBatchBytes).toBeLessThan(610_000);
  },
);

test("keeps the order of calls in each partition, while a slow partition holds up no other", async () => {
  const brokers = new ScriptedBrokers({ nodes: 2 });
  brokers.held = 1;
  const appender = appenderOver(brokers);
  const both = appender.append("events", [record(0, "", "first"), record(1, "", "first")]);
  const later = appender.append("events", [record(1, "", "second"), record(0, "", "second")]);
  const quick = appender.append("events", [record(0, "", "third")]);
  await quick;
  expect(brokers.stored).toEqual(new Map([[0, ["first", "second", "third"]]]));
  brokers.held = undefined;
  await Promise.all([both, later]);
  expect(brokers.stored.get(1)).toEqual(["first", "second"]);
});

test("is not held for ever by a broker that hangs, and never sends what it has given up", async () => {
  const brokers = new ScriptedBrokers({ attemptTimeoutMs: 50, callDeadlineMs: 55 });
  brokers.hangLookups = true;
  const appender = appenderOver(brokers);
  await expect(appender.append("events", [record(0, "", "given up")])).rejects.toMatchObject({
    name: "KafkaUnavailableError",
  });
  // Only one attempt was made. It goes on when its lookup ends, long after its time.
  brokers.hangLookups = false;
  await appender.append("events", [record(0, "", "next")]);
  await sleep(20);
  expect(brokers.stored).toEqual(new Map([[0, ["next"]]]));
});

test("takes nothing after it was closed, and ends what was under way", async () => {
  const brokers = new ScriptedBrokers({});
  const appender = appenderOver(brokers);
  const underWay = appender.append("events", [record(0, "a", "a")]);
  await appender.close();
  expect(brokers.closed).toBe(true);
  await underWay;
  expect(brokers.stored.get(0)).toEqual(["a"]);
  await expect(appender.append("events", [record(0, "a", "a")])).rejects.toMatchObject({
    name: "KafkaUnavailableError",
  });
});
