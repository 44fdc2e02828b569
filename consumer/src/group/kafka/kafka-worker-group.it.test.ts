import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, it, jest } from "@jest/globals";
import {
  KafkaAdmin,
  KafkaRefusedError,
  KafkaUnavailableError,
  loadSettings,
  silentLogger,
} from "@lastknown/shared";
import { describeWorkerGroup, GROUP_PARTITIONS } from "../worker-group.contract.js";
import { GroupCoordinator } from "./group-coordinator.js";
import { KafkaWorkerGroup } from "./kafka-worker-group.js";

const settings = loadSettings().kafka;
const admin = new KafkaAdmin({ settings, logger: silentLogger });
const topics: string[] = [];

afterAll(async () => {
  await admin.deleteTopics(topics);
  await admin.close();
});

async function groupOfOwnTopic(): Promise<{ member: () => KafkaWorkerGroup }> {
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
}

describeWorkerGroup("kafka", groupOfOwnTopic);

describe("a commit that Kafka does not take", () => {
  it.each([
    ["for want of a right is refused, not waited for", "GROUP_AUTHORIZATION_FAILED", KafkaRefusedError],
    ["as it looks for its coordinator is waited for", "NOT_COORDINATOR_FOR_GROUP", KafkaUnavailableError],
    ["for a reason that nobody foresaw is waited for", "UNKNOWN", KafkaUnavailableError],
  ])("%s", async (_what, type, expected) => {
    const { member: newMember } = await groupOfOwnTopic();
    const member = newMember();
    try {
      const generation = await new Promise<number>((resolve, reject) => {
        member.join({ assigned: resolve, revoked: () => undefined, failed: reject }).catch(reject);
      });
      const error = Object.assign(new Error("not taken"), { name: "KafkaJSProtocolError", type });
      jest.spyOn(GroupCoordinator.prototype, "commit").mockRejectedValue(error);
      await expect(member.commit(generation, new Map([[0, 1]]))).rejects.toThrow(expected);
    } finally {
      jest.restoreAllMocks();
      await member.leave();
    }
  });
});
