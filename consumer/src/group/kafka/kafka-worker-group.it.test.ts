import { randomUUID } from "node:crypto";
import { afterAll } from "@jest/globals";
import { KafkaAdmin, loadSettings, silentLogger } from "@lastknown/shared";
import { describeWorkerGroup, GROUP_PARTITIONS } from "../worker-group.contract.js";
import { KafkaWorkerGroup } from "./kafka-worker-group.js";

const settings = loadSettings().kafka;
const admin = new KafkaAdmin({ settings, logger: silentLogger });
const topics: string[] = [];

afterAll(async () => {
  await admin.deleteTopics(topics);
  await admin.close();
});

describeWorkerGroup("kafka", async () => {
  const topic = `test-${randomUUID()}`;
  await admin.createTopics([
    { topic, partitions: GROUP_PARTITIONS, replicationFactor: 1, configuration: {} },
  ]);
  topics.push(topic);
  const membership = { sessionTimeoutMs: 6000, heartbeatIntervalMs: 200 };
  return {
    member: () =>
      new KafkaWorkerGroup({ settings, membership, group: `${topic}.worker`, topic, logger: silentLogger }),
  };
});
