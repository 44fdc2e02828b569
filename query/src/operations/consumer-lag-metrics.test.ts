import { describe, expect, it } from "@jest/globals";
import { createMetrics, LAG_REASON_KINDS, type ExplainedLag, type GroupMember } from "@lastknown/shared";
import type { ConsumerPositions } from "../freshness/consumer-lag.js";
import { addConsumerLagMetrics } from "./consumer-lag-metrics.js";

const KNOWN: ConsumerPositions = {
  events: new Map([
    [0, { start: 0, end: 100 }],
    [1, { start: 40, end: 90 }],
    [2, { start: 0, end: 7 }],
  ]),
  // What retention has removed of partition 1 was never committed.
  committed: new Map([
    [0, 100],
    [1, 12],
  ]),
};
const member = (partitions: number[]): GroupMember => ({
  memberId: `m${partitions.join("")}`,
  clientId: "lastknown",
  host: "127.0.0.1",
  partitions,
});

async function linesWith(
  positions: ConsumerPositions | undefined,
  members: () => Promise<GroupMember[]>,
  lagReasons?: ReadonlyMap<number, ExplainedLag>,
  partitions = 3,
): Promise<string[]> {
  const metrics = createMetrics();
  addConsumerLagMetrics(metrics, {
    group: "fleet.worker",
    topic: "fleet.events",
    partitions,
    positions: () => positions,
    lagOf: (partition, offset) => Promise.resolve(partition === 2 ? "unknown" : offset / 10),
    members,
    lagReasons: () => lagReasons,
  });
  return (await metrics.text()).split("\n").filter((line) => /^(kafka|lastknown)_/.test(line));
}

const isOfReason = (line: string): boolean => line.startsWith("lastknown_consumer_lag_reason{");

describe("the workers' lag", () => {
  it("is told of as many partitions as a fleet may have", async () => {
    const lines = await linesWith(undefined, () => Promise.resolve([]), undefined, 256);
    expect(lines.filter(isOfReason)).toHaveLength(256 * LAG_REASON_KINDS.length);
  });

  it("is told by partition in records and seconds, and over all", async () => {
    const lines = await linesWith(KNOWN, () => Promise.resolve([member([0]), member([1, 2])]));
    const group = 'consumergroup="fleet.worker"';
    const topic = 'topic="fleet.events"';
    expect(lines.filter((line) => !isOfReason(line))).toEqual([
      `kafka_topic_partition_current_offset{${topic},partition="0"} 100`,
      `kafka_topic_partition_current_offset{${topic},partition="1"} 90`,
      `kafka_topic_partition_current_offset{${topic},partition="2"} 7`,
      `kafka_topic_partition_oldest_offset{${topic},partition="0"} 0`,
      `kafka_topic_partition_oldest_offset{${topic},partition="1"} 40`,
      `kafka_topic_partition_oldest_offset{${topic},partition="2"} 0`,
      `kafka_consumergroup_current_offset{${group},${topic},partition="0"} 100`,
      `kafka_consumergroup_current_offset{${group},${topic},partition="1"} 12`,
      `kafka_consumergroup_current_offset{${group},${topic},partition="2"} Nan`,
      `kafka_consumergroup_lag{${group},${topic},partition="0"} 0`,
      `kafka_consumergroup_lag{${group},${topic},partition="1"} 50`,
      `kafka_consumergroup_lag{${group},${topic},partition="2"} 7`,
      'lastknown_consumer_lag_seconds{partition="0"} 0',
      'lastknown_consumer_lag_seconds{partition="1"} 4',
      'lastknown_consumer_lag_seconds{partition="2"} Nan',
      `kafka_consumergroup_lag_sum{${group},${topic}} 57`,
      `kafka_consumergroup_members{${group}} 2`,
    ]);
  });

  it("is not a number while Kafka does not tell it", async () => {
    const lines = await linesWith(undefined, () => Promise.reject(new Error("away")));
    expect(lines).toHaveLength(17 + 3 * LAG_REASON_KINDS.length);
    expect(lines.filter((line) => !line.endsWith(" Nan"))).toEqual([]);
  });

  it("has one reason for each partition whose lag was explained", async () => {
    const reasons = new Map<number, ExplainedLag>([
      [0, { reason: { kind: "none" }, remarks: [] }],
      [
        1,
        {
          reason: { kind: "hot_partition", share: 0.8, user: "bus 7" },
          remarks: [{ kind: "working", seconds: 3 }],
        },
      ],
    ]);
    const lines = (await linesWith(KNOWN, () => Promise.resolve([]), reasons)).filter(isOfReason);
    expect(lines).toHaveLength(3 * LAG_REASON_KINDS.length);
    const lineOf = (partition: number, reason: string, value: string): string =>
      `lastknown_consumer_lag_reason{partition="${partition}",reason="${reason}"} ${value}`;
    expect(lines.filter((line) => line.endsWith(" 1"))).toEqual([
      lineOf(0, "none", "1"),
      lineOf(1, "hot_partition", "1"),
    ]);
    expect(lines).toContain(lineOf(1, "working", "0"));
    expect(lines).toContain(lineOf(2, "none", "Nan"));
    expect(lines.join()).not.toContain("bus 7");
  });

  it("waits for no members that do not come", async () => {
    const lines = await linesWith(KNOWN, () => new Promise(() => undefined));
    expect(lines.at(-1)).toBe('kafka_consumergroup_members{consumergroup="fleet.worker"} Nan');
  });
});
