import type { FleetNames } from "../fleet/names.js";
import type { TopicsSettings } from "../settings/topics-settings.js";

/** One topic as the fleet wants it. */
export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** The broker's own names and texts. */
  readonly configuration: Readonly<Record<string, string>>;
}

/** Room for the coordinates, lengths and headers that are put around an event's own bytes. */
export const WRAPPING_BYTES_MAX = 64 * 1024;
const UNLIMITED = "-1";
const REPLICAS_WANTED = 3;

/** The fleet's three topics for a cluster with so many brokers. DESIGN.md §3 tells why each setting is as it is. */
export function planTopics(
  names: Pick<FleetNames, "eventsTopic" | "auditTopic" | "deadLetterTopic">,
  settings: TopicsSettings,
  cluster: { readonly partitions: number; readonly brokers: number },
): TopicPlan[] {
  const replicationFactor =
    settings.replicationFactor ?? (cluster.brokers >= REPLICAS_WANTED ? REPLICAS_WANTED : 1);
  const shared = {
    "min.insync.replicas": String(replicationFactor >= REPLICAS_WANTED ? 2 : 1),
    "unclean.leader.election.enable": "false",
  };
  const wrappedBytesMax = String(settings.eventsBatchBytesMax + WRAPPING_BYTES_MAX);
  const plan = (topic: string, configuration: Record<string, string>): TopicPlan => ({
    topic,
    partitions: cluster.partitions,
    replicationFactor,
    configuration: { ...shared, ...configuration },
  });
  return [
    plan(names.eventsTopic, {
      "cleanup.policy": "delete",
      // With CreateTime the rows of an old file would be older than the retention, and gone within minutes.
      "message.timestamp.type": "LogAppendTime",
      "retention.ms": String(settings.eventsRetentionMs),
      "retention.bytes": UNLIMITED,
      "max.message.bytes": String(settings.eventsBatchBytesMax),
      // The broker converts what producers of others compress: of their codecs our readers know gzip alone.
      "compression.type": "uncompressed",
    }),
    plan(names.auditTopic, {
      "cleanup.policy": settings.auditRetentionMs === undefined ? "compact" : "compact,delete",
      "message.timestamp.type": "LogAppendTime",
      "retention.ms": settings.auditRetentionMs === undefined ? UNLIMITED : String(settings.auditRetentionMs),
      "retention.bytes": UNLIMITED,
      "max.message.bytes": wrappedBytesMax,
    }),
    plan(names.deadLetterTopic, {
      "cleanup.policy": "delete",
      "message.timestamp.type": "LogAppendTime",
      "retention.ms": String(settings.deadLettersRetentionMs),
      "retention.bytes": UNLIMITED,
      "max.message.bytes": wrappedBytesMax,
    }),
  ];
}

/** What an existing topic has that its plan does not want, and how to mend it. */
export interface TopicDifference {
  readonly topic: string;
  readonly setting: string;
  readonly wanted: string;
  readonly found: string;
  /** A command or a sentence. */
  readonly fix: string;
}

/** Compares a topic's configuration as the broker tells it. A list in another order is the same list. */
export function configurationDifferences(
  plan: TopicPlan,
  found: ReadonlyMap<string, string>,
): TopicDifference[] {
  const differences: TopicDifference[] = [];
  for (const [setting, wanted] of Object.entries(plan.configuration)) {
    const value = found.get(setting) ?? "";
    if (sortedList(value) === sortedList(wanted)) continue;
    // kafka-configs.sh takes a value with commas only in brackets.
    const assignment = wanted.includes(",") ? `${setting}=[${wanted}]` : `${setting}=${wanted}`;
    const fix = `kafka-configs.sh --alter --entity-type topics --entity-name ${plan.topic} --add-config ${assignment}`;
    differences.push({ topic: plan.topic, setting, wanted, found: value, fix });
  }
  return differences;
}

function sortedList(text: string): string {
  return text.split(",").sort().join(",");
}
