import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { fleetNames } from "../fleet/names.js";
import { silentLogger } from "../logging/index.js";
import { loadSettings } from "../settings/index.js";
import { KafkaAdmin } from "./kafka-admin.js";
import { testKafkaSettings } from "./test-broker.js";
import { planTopics, type TopicPlan } from "./topic-configuration.js";

let admin: KafkaAdmin;
let names: ReturnType<typeof fleetNames>;
beforeEach(() => {
  admin = new KafkaAdmin({ settings: testKafkaSettings(), logger: silentLogger });
  names = fleetNames(`test-${randomUUID()}`);
});
afterEach(async () => {
  const topics = [names.eventsTopic, names.auditTopic, names.deadLetterTopic];
  const existing = await admin.partitionCounts(topics);
  if (existing.size > 0) await admin.deleteTopics([...existing.keys()]);
  await admin.close();
});

async function plan(partitions: number): Promise<TopicPlan[]> {
  const brokers = await admin.brokerCount();
  return planTopics(names, loadSettings().topics, { partitions, brokers });
}

test("creates the fleet's topics exactly as planned, and changes nothing when run again", async () => {
  const plans = await plan(4);
  await expect(admin.describeTopics(plans)).rejects.toMatchObject({ name: "UnknownTopicError" });
  expect((await admin.createTopics(plans)).map(({ created }) => created)).toEqual([true, true, true]);
  expect(await admin.describeTopics(plans)).toEqual([]);
  expect((await admin.createTopics(plans)).map(({ created }) => created)).toEqual([false, false, false]);
  expect(await admin.partitionCounts([names.eventsTopic, "no-such-topic"])).toEqual(
    new Map([[names.eventsTopic, 4]]),
  );
});

test("tells what differs in a topic that stands", async () => {
  const plans = await plan(2);
  const other = plans.map((one) => ({
    ...one,
    configuration: { ...one.configuration, "retention.ms": "3600000" },
  }));
  await admin.createTopics(other);
  const differences = await admin.describeTopics(plans);
  expect(differences.map(({ topic, setting, found }) => [topic, setting, found])).toEqual(
    plans.map(({ topic }) => [topic, "retention.ms", "3600000"]),
  );
});

test("refuses topics with another number of partitions, before it creates any", async () => {
  await admin.createTopics((await plan(4)).slice(1, 2));
  const refused = admin.createTopics(await plan(8));
  await expect(refused).rejects.toMatchObject({ name: "PartitionCountError" });
  await expect(refused).rejects.toThrow(/has 4 partitions, where the fleet has 8/);
  expect(await admin.partitionCounts([names.eventsTopic])).toEqual(new Map());
});

test("names the brokers that do not answer", async () => {
  const settings = testKafkaSettings({ brokers: ["127.0.0.1:1"], connectTimeoutMs: 200 });
  const lonely = new KafkaAdmin({ settings, logger: silentLogger });
  await expect(lonely.brokerCount()).rejects.toMatchObject({
    name: "KafkaUnavailableError",
    brokers: ["127.0.0.1:1"],
  });
  await lonely.close();
}, 60_000);
