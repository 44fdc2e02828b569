import { expect, test } from "@jest/globals";
import { fleetNames } from "../fleet/names.js";
import { loadSettings } from "../settings/index.js";
import { configurationDifferences, planTopics, type TopicPlan } from "./topic-configuration.js";

const { topics } = loadSettings({ environment: {} });

function planFor(brokers: number): [events: TopicPlan, audit: TopicPlan, deadLetters: TopicPlan] {
  return planTopics(fleetNames("buses"), topics, { partitions: 16, brokers }) as [
    TopicPlan,
    TopicPlan,
    TopicPlan,
  ];
}

test("plans the three topics as the design fixes them", () => {
  const [events, audit, deadLetters] = planFor(1);
  expect([events, audit, deadLetters].map(({ topic, partitions }) => [topic, partitions])).toEqual([
    ["buses.events", 16],
    ["buses.audit", 16],
    ["buses.dlq", 16],
  ]);
  expect(events.configuration).toMatchObject({
    "cleanup.policy": "delete",
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": String(30 * 86_400_000),
    "unclean.leader.election.enable": "false",
  });
  expect(audit.configuration).toMatchObject({ "cleanup.policy": "compact", "retention.ms": "-1" });
  expect(deadLetters.configuration["cleanup.policy"]).toBe("delete");
  const eventsBytesMax = Number(events.configuration["max.message.bytes"]);
  expect(Number(audit.configuration["max.message.bytes"])).toBe(eventsBytesMax + 65_536);
  expect(Number(deadLetters.configuration["max.message.bytes"])).toBe(eventsBytesMax + 65_536);
});

test("keeps three copies, two of them in sync, where three brokers exist", () => {
  expect(planFor(2)[0]).toMatchObject({
    replicationFactor: 1,
    configuration: { "min.insync.replicas": "1" },
  });
  expect(planFor(3)[0]).toMatchObject({
    replicationFactor: 3,
    configuration: { "min.insync.replicas": "2" },
  });
  expect(planFor(5)[0].replicationFactor).toBe(3);
});

test("also deletes from an audit that has a retention", () => {
  const settings = { ...topics, auditRetentionMs: 86_400_000 };
  const audit = planTopics(fleetNames("buses"), settings, { partitions: 16, brokers: 1 })[1];
  expect(audit?.configuration).toMatchObject({
    "cleanup.policy": "compact,delete",
    "retention.ms": "86400000",
  });
});

test("names each setting that differs, and the command that mends it", () => {
  const [events] = planFor(1);
  const found = new Map(Object.entries(events.configuration));
  expect(configurationDifferences(events, found)).toEqual([]);
  found.set("message.timestamp.type", "CreateTime");
  expect(configurationDifferences(events, found)).toEqual([
    {
      topic: "buses.events",
      setting: "message.timestamp.type",
      wanted: "LogAppendTime",
      found: "CreateTime",
      fix:
        "kafka-configs.sh --alter --entity-type topics --entity-name buses.events " +
        "--add-config message.timestamp.type=LogAppendTime",
    },
  ]);
});
