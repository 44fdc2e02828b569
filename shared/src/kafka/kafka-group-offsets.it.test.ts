import { randomUUID } from "node:crypto";
import { expect, test } from "@jest/globals";
import kafkajs, { type Consumer, type PartitionAssigner } from "kafkajs";
import { silentLogger } from "../logging/index.js";
import { createKafka } from "./create-kafka.js";
import { memberMetadata } from "./group-member-userdata.js";
import { describeGroupOffsets } from "./group-offsets.contract.js";
import { KafkaAppender } from "./kafka-appender.js";
import { record } from "./log.contract.js";
import { testKafkaSettings, TestTopics } from "./test-broker.js";

const PARTITIONS = 2;
const RECORDS = 10;

describeGroupOffsets("KafkaAdmin", async () => {
  const topics = new TestTopics();
  const [topic, otherTopic] = [await filled(topics), await filled(topics)];
  const group = `test-${randomUUID()}`;
  let member: Consumer | undefined;
  const join = async (): Promise<Consumer> => (member ??= await joined(group, [topic, otherTopic]));
  return {
    offsets: topics.admin,
    group,
    topic,
    otherTopic,
    commit: async (where, partition, { offset, note: metadata }) => {
      await (await join()).commitOffsets([{ topic: where, partition, offset: String(offset), metadata }]);
    },
    join: async () => void (await join()),
    close: async () => {
      await member?.disconnect();
      await topics.removeAll();
    },
  };
});

test("K6: a negative offset, as kafkajs itself commits, is none", async () => {
  const topics = new TestTopics();
  const topic = await filled(topics);
  const groupId = `test-${randomUUID()}`;
  const admin = createKafka(testKafkaSettings(), { logger: silentLogger }).admin();
  try {
    await admin.connect();
    await admin.resetOffsets({ groupId, topic, earliest: true });
    const [{ partitions } = { partitions: [] }] = await admin.fetchOffsets({ groupId, topics: [topic] });
    expect(partitions.map(({ offset }) => offset)).toEqual(["-2", "-2"]);
    expect(await topics.admin.committed(groupId, topic)).toEqual(new Map());
  } finally {
    await admin.disconnect();
    await topics.removeAll();
  }
});

test("tells that a group rebalances while somebody joins", async () => {
  const topics = new TestTopics();
  const topic = await filled(topics);
  const group = `test-${randomUUID()}`;
  const members = [await joined(group, [topic])];
  try {
    // The first one hears of it with its next heartbeat, seconds later.
    const second = joined(group, [topic]);
    let membership = await topics.admin.membership(group, topic);
    for (const deadline = performance.now() + 20_000; !membership.isRebalancing;) {
      if (performance.now() > deadline) throw new Error("the group was never seen to rebalance");
      membership = await topics.admin.membership(group, topic);
    }
    members.push(await second);
    const after = await topics.admin.membership(group, topic);
    expect([after.isRebalancing, after.members.length]).toEqual([false, 2]);
  } finally {
    await Promise.all(members.map((member) => member.disconnect()));
    await topics.removeAll();
  }
});

test("tells how long a worker may be silent, where it says so", async () => {
  const topics = new TestTopics();
  const topic = await filled(topics);
  const group = `test-${randomUUID()}`;
  const assigner: PartitionAssigner = (parts) => ({
    ...kafkajs.PartitionAssigners.roundRobin(parts),
    protocol: () => ({ name: "RoundRobinAssigner", metadata: memberMetadata([topic], 12_000) }),
  });
  const member = await joined(group, [topic], [assigner]);
  try {
    const { members } = await topics.admin.membership(group, topic);
    expect(members).toMatchObject([{ partitions: [0, 1], sessionTimeoutMs: 12_000 }]);
  } finally {
    await member.disconnect();
    await topics.removeAll();
  }
});

/** Past the log's end kafkajs would replace a commit by one of its own. */
async function filled(topics: TestTopics): Promise<string> {
  const topic = await topics.create(PARTITIONS);
  const appender = new KafkaAppender({ settings: testKafkaSettings(), logger: silentLogger });
  const records = Array.from({ length: PARTITIONS * RECORDS }, (_, n) => record(n % PARTITIONS, "a", "1"));
  await appender.append(topic, records);
  await appender.close();
  return topic;
}

/** A member that takes nothing and commits nothing by itself. */
async function joined(
  groupId: string,
  topics: string[],
  partitionAssigners?: PartitionAssigner[],
): Promise<Consumer> {
  const consumer = createKafka(testKafkaSettings(), { logger: silentLogger }).consumer({
    groupId,
    ...(partitionAssigners === undefined ? {} : { partitionAssigners }),
  });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  const hasJoined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => {
      consumer.pause(topics.map((topic) => ({ topic })));
      resolve();
    });
  });
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
  await hasJoined;
  return consumer;
}
