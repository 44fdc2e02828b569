import {
  LAG_REASON_KINDS,
  withDeadline,
  type ExplainedLag,
  type GroupMember,
  type LagReasonKind,
  type Metrics,
} from "@lastknown/shared";
import { lagIn, waitedIn, type ConsumerPositions, type LagOf } from "../freshness/consumer-lag.js";

/** Looked up when the metrics are read. */
export interface ConsumerLagFigures {
  readonly group: string;
  readonly topic: string;
  readonly partitions: number;
  /** Where the log ends and what is committed of it; undefined where that was last seen too long ago. */
  readonly positions: () => ConsumerPositions | undefined;
  readonly lagOf: LagOf;
  readonly members: () => Promise<readonly GroupMember[]>;
  /** Why each partition lags, as was found out before; undefined where that was too long ago. */
  readonly lagReasons: () => ReadonlyMap<number, ExplainedLag> | undefined;
}

/** Nobody who reads the metrics waits longer for Kafka. */
const MEMBERS_DEADLINE_MS = 1000;

/**
 * How far the workers are behind, told by the query service, as it is there when all workers are dead: in records,
 * under the names that dashboards of others know, and in seconds. What cannot be known is NaN.
 */
export function addConsumerLagMetrics(metrics: Metrics, figures: ConsumerLagFigures): void {
  const { topic, partitions, positions } = figures;
  const consumergroup = figures.group;
  const countMembers = memberCounter(figures);
  addPartitionGauge(metrics, partitions, {
    name: "kafka_topic_partition_current_offset",
    help: "Where a partition of the events topic ends; NaN while unknown.",
    fixed: { topic },
    tell: (partition) => positions()?.events.get(partition)?.end,
  });
  addPartitionGauge(metrics, partitions, {
    name: "kafka_topic_partition_oldest_offset",
    help: "Where a partition of the events topic begins; NaN while unknown.",
    fixed: { topic },
    tell: (partition) => positions()?.events.get(partition)?.start,
  });
  addPartitionGauge(metrics, partitions, {
    name: "kafka_consumergroup_current_offset",
    help: "What the workers have committed of a partition; NaN where that is nothing, or unknown.",
    fixed: { consumergroup, topic },
    tell: (partition) => positions()?.committed?.get(partition),
  });
  addPartitionGauge(metrics, partitions, {
    name: "kafka_consumergroup_lag",
    help: "Records of a partition that the workers have not committed; NaN while unknown.",
    fixed: { consumergroup, topic },
    tell: (partition) => lagIn(positions(), partition),
  });
  addPartitionGauge(metrics, partitions, {
    name: "lastknown_consumer_lag_seconds",
    help: "How long the oldest record of a partition that the workers have not committed has waited; NaN while unknown.",
    fixed: {},
    tell: (partition) => waitedIn(positions(), partition, figures.lagOf),
  });
  addReasonGauge(metrics, figures);
  metrics.gauge({
    name: "kafka_consumergroup_lag_sum",
    help: "Records of all partitions that the workers have not committed; NaN while any partition's are unknown.",
    labels: { consumergroup: [consumergroup], topic: [topic] },
    collect: (gauge) => gauge.set({ consumergroup, topic }, lagOverAll(positions(), partitions)),
  });
  metrics.gauge({
    name: "kafka_consumergroup_members",
    help: "Workers that are in the group now; NaN while unknown.",
    labels: { consumergroup: [consumergroup] },
    collect: async (gauge) => gauge.set({ consumergroup }, await countMembers()),
  });
}

function addReasonGauge(metrics: Metrics, { partitions, lagReasons }: ConsumerLagFigures): void {
  const partition = Array.from({ length: partitions }, (_, index) => String(index));
  metrics.gauge<"partition" | "reason">({
    name: "lastknown_consumer_lag_reason",
    help: "1 for the main reason for which records of a partition wait, 0 for the others; NaN while unknown.",
    labels: { partition, reason: LAG_REASON_KINDS },
    collect: (gauge) => {
      const reasons = lagReasons();
      for (const one of partition) {
        const held = reasons?.get(Number(one))?.reason.kind;
        for (const reason of LAG_REASON_KINDS) gauge.set({ partition: one, reason }, valueOf(reason, held));
      }
    },
  });
}

function valueOf(reason: LagReasonKind, held: LagReasonKind | undefined): number {
  if (held === undefined) return Number.NaN;
  return reason === held ? 1 : 0;
}

interface PartitionGauge {
  readonly name: string;
  readonly help: string;
  /** Labels beside the partition's, which have one value each. */
  readonly fixed: Readonly<Record<string, string>>;
  readonly tell: (partition: number) => number | undefined | Promise<number | undefined>;
}

function addPartitionGauge(
  metrics: Metrics,
  partitions: number,
  { name, help, fixed, tell }: PartitionGauge,
): void {
  const partition = Array.from({ length: partitions }, (_, index) => String(index));
  const fixedLabels = Object.entries(fixed).map(([label, value]) => [label, [value]] as const);
  metrics.gauge<string>({
    name,
    help,
    labels: { ...Object.fromEntries(fixedLabels), partition },
    collect: async (gauge) => {
      const told = await Promise.all(partition.map(async (one) => await tell(Number(one))));
      for (const one of partition) gauge.set({ ...fixed, partition: one }, told[Number(one)] ?? Number.NaN);
    },
  });
}

function lagOverAll(positions: ConsumerPositions | undefined, partitions: number): number {
  let sum = 0;
  for (let partition = 0; partition < partitions; partition++)
    sum += lagIn(positions, partition) ?? Number.NaN;
  return sum;
}

/** While Kafka is away a question takes longer than readers wait, and one at a time is enough. */
function memberCounter({ members }: ConsumerLagFigures): () => Promise<number> {
  const unknown = (): number => Number.NaN;
  let asked: Promise<number> | undefined;
  return async () => {
    asked ??= members()
      .then(({ length }) => length, unknown)
      .finally(() => (asked = undefined));
    return await withDeadline(MEMBERS_DEADLINE_MS, asked, unknown);
  };
}
