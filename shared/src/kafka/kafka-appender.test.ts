import { expect, test } from "@jest/globals";
import type { ProducerRecord, RecordMetadata } from "kafkajs";
import { silentLogger } from "../logging/index.js";
import { loadSettings } from "../settings/index.js";
import { KafkaAppender, type SendingProducer } from "./kafka-appender.js";
import { record } from "./log.contract.js";

/** Keeps what it is sent, except where `lose` says so; a lost partition is absent from its answer (hazard K1). */
class LosingProducer implements SendingProducer {
  readonly stored = new Map<number, string[]>();
  readonly sends: ProducerRecord[] = [];
  readonly #lose: (send: number, partition: number) => boolean;
  /** Partitions with a send under way, to see that none has two. */
  readonly #busy = new Set<number>();

  constructor(lose: (send: number, partition: number) => boolean = () => false) {
    this.#lose = lose;
  }

  async connect(): Promise<void> {
    return undefined;
  }

  async disconnect(): Promise<void> {
    return undefined;
  }

  async send(request: ProducerRecord): Promise<RecordMetadata[]> {
    this.sends.push(request);
    const send = this.sends.length;
    const partitions = [...new Set(request.messages.map(({ partition = -1 }) => partition))];
    for (const partition of partitions) {
      if (this.#busy.has(partition)) throw new Error(`two sends under way for partition ${partition}`);
      this.#busy.add(partition);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (const partition of partitions) this.#busy.delete(partition);
    const kept = partitions.filter((partition) => !this.#lose(send, partition));
    for (const { partition = -1, value } of request.messages) {
      if (!kept.includes(partition)) continue;
      this.stored.set(partition, [...(this.stored.get(partition) ?? []), String(value)]);
    }
    return kept.map((partition) => ({ topicName: request.topic, partition, errorCode: 0 }));
  }
}

function appenderOver(producer: SendingProducer): KafkaAppender {
  return new KafkaAppender({
    settings: loadSettings({ environment: {} }).kafka,
    logger: silentLogger,
    producer,
  });
}

test("sends again, and only, what was not acknowledged", async () => {
  const producer = new LosingProducer((send, partition) => send === 1 && partition === 1);
  await appenderOver(producer).append("events", [
    record(0, "a", "a"),
    record(1, "b", "b"),
    record(1, "c", "c"),
  ]);
  expect(producer.stored).toEqual(
    new Map([
      [0, ["a"]],
      [1, ["b", "c"]],
    ]),
  );
  expect(producer.sends.map(({ messages }) => messages.length)).toEqual([3, 2]);
});

test("gives up on a partition that is never acknowledged, and says which", async () => {
  const producer = new LosingProducer((_, partition) => partition === 7);
  await expect(
    appenderOver(producer).append("events", [record(0, "a", "a"), record(7, "b", "b")]),
  ).rejects.toMatchObject({ name: "UnknownTopicError", topic: "events", partition: 7 });
  expect(producer.sends).toHaveLength(4);
});

test("does not send the rest of a call after a part of it failed", async () => {
  const producer = new LosingProducer((send) => send <= 4);
  const appender = appenderOver(producer);
  const records = Array.from({ length: 2500 }, (_, index) => record(0, "a", `first ${index}`));
  const first = appender.append("events", records);
  const second = appender.append("events", [record(0, "b", "second")]);
  await expect(first).rejects.toMatchObject({ name: "UnknownTopicError" });
  await second;
  expect(producer.stored).toEqual(new Map([[0, ["second"]]]));
});

test("cuts by count and by bytes, a large record alone, in order, always with acks from all", async () => {
  const producer = new LosingProducer();
  const small = Array.from({ length: 1001 }, (_, index) => record(0, "", String(index)));
  const large = Array.from({ length: 3 }, (_, index) => record(0, "", String(index).repeat(300_000)));
  await appenderOver(producer).append("events", [...small, record(0, "", "x".repeat(600_000)), ...large]);
  expect(producer.sends.map(({ messages }) => messages.length)).toEqual([1000, 1, 1, 1, 1, 1]);
  expect(producer.sends.every(({ acks }) => acks === -1)).toBe(true);
  expect(producer.stored.get(0)?.slice(0, 1001)).toEqual(small.map(({ value }) => String(value)));
});

test("has different partitions under way at the same time", async () => {
  let underWay = 0;
  let most = 0;
  const producer = new LosingProducer();
  const slow: SendingProducer = {
    connect: () => producer.connect(),
    disconnect: () => producer.disconnect(),
    send: async (request) => {
      most = Math.max(most, ++underWay);
      const answer = await producer.send(request);
      underWay--;
      return answer;
    },
  };
  const appender = appenderOver(slow);
  await Promise.all(
    [0, 1, 2, 0, 1, 2].map((partition) => appender.append("events", [record(partition, "", "")])),
  );
  expect(most).toBe(3);
});

test("takes nothing after it was closed, and ends what was under way", async () => {
  const producer = new LosingProducer();
  const appender = appenderOver(producer);
  const underWay = appender.append("events", [record(0, "a", "a")]);
  await appender.close();
  await underWay;
  expect(producer.stored.get(0)).toEqual(["a"]);
  await expect(appender.append("events", [record(0, "a", "a")])).rejects.toMatchObject({
    name: "KafkaUnavailableError",
  });
});
