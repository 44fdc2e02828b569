import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Admin } from "kafkajs";
import type { Logger } from "../logging/index.js";
import type { KafkaSettings } from "../settings/kafka-settings.js";
import { retryBounded } from "./bounded-retry.js";
import { createKafka } from "./create-kafka.js";
import { UnknownTopicError } from "./errors.js";
import { sessionTimeoutOf } from "./group-member-userdata.js";
import type { CommittedOffset, GroupMembership, GroupOffsets } from "./group-offsets.js";
import { translateTopicCreationError } from "./topic-creation-error.js";
import { UnfitConnection } from "./unfit-connection.js";
import { configurationDifferences, type TopicDifference, type TopicPlan } from "./topic-configuration.js";

/** A topic with another number of partitions than the fleet's: it is fixed for the fleet's life. */
export class PartitionCountError extends Error {
  override readonly name = "PartitionCountError";

  constructor(topic: string, wanted: number, found: number) {
    super(
      `topic ${topic} has ${found} partitions, where the fleet has ${wanted}; ` +
        `the number is fixed for a fleet's life: use --partitions ${found}, or another fleet name`,
    );
  }
}

/** What became of one topic of the plan. */
export interface TopicOutcome {
  readonly topic: string;
  readonly created: boolean;
}

/** Longer than a broker takes to make a topic and elect its leaders. */
const CREATE_TIMEOUT_MS = 15_000;
const LIST_PAUSE_MS = 100;
/** kafkajs retries inside each attempt for about ten seconds. */
const CALL_LIMITS = { attemptTimeoutMs: 30_000, deadlineMs: 15_000 };

/** Topics and committed offsets as an administrator sees them. It connects at its first call; close leaves nothing open. */
export class KafkaAdmin implements GroupOffsets {
  readonly #brokers: readonly string[];
  readonly #logger: Logger;
  readonly #admin: Admin;
  readonly #unfit: UnfitConnection;
  readonly #closing = new AbortController();
  /** Undefined until the first call, and after a fault. */
  #connected: Promise<void> | undefined;

  constructor(options: { settings: KafkaSettings; logger: Logger }) {
    this.#brokers = options.settings.brokers;
    this.#logger = options.logger;
    this.#unfit = new UnfitConnection(options.settings.brokers);
    this.#admin = createKafka(options.settings, { logger: options.logger, unfit: this.#unfit }).admin();
  }

  async brokerCount(): Promise<number> {
    const cluster = await this.#call("describe the cluster", undefined, (admin) => admin.describeCluster());
    return cluster.brokers.length;
  }

  /** How many partitions each of these topics has; a topic that does not exist is absent. */
  async partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    const existing = new Set(await this.#call("list its topics", undefined, (admin) => admin.listTopics()));
    const asked = topics.filter((topic) => existing.has(topic));
    if (asked.length === 0) return counts;
    const metadata = await this.#call("describe its topics", undefined, (admin) =>
      admin.fetchTopicMetadata({ topics: asked }),
    );
    for (const { name, partitions } of metadata.topics) counts.set(name, partitions.length);
    return counts;
  }

  /**
   * Creates what is missing; running it again changes nothing. Throws PartitionCountError before creating any, and
   * TopicCreationError with the broker's reason.
   */
  async createTopics(plans: readonly TopicPlan[]): Promise<TopicOutcome[]> {
    const counts = await this.#requirePartitionCounts(plans);
    const missing = plans.filter(({ topic }) => !counts.has(topic));
    if (missing.length > 0) {
      await this.#call("create the topics", undefined, (admin) => create(admin, missing));
      // Another process may have created one meanwhile, in its own way.
      await this.#untilListed(plans);
    }
    return plans.map(({ topic }) => ({ topic, created: !counts.has(topic) }));
  }

  /** What differs between the topics that exist and their plans. Throws UnknownTopicError for one that does not. */
  async describeTopics(plans: readonly TopicPlan[]): Promise<TopicDifference[]> {
    const counts = await this.#requirePartitionCounts(plans);
    const missing = plans.find(({ topic }) => !counts.has(topic));
    if (missing !== undefined) throw new UnknownTopicError(missing.topic);
    const differences = await Promise.all([
      this.#configurationDifferences(plans),
      this.#replicaDifferences(plans),
    ]);
    return differences.flat();
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    await this.#call("delete the topics", undefined, (admin) =>
      admin.deleteTopics({ topics: [...topics], timeout: CREATE_TIMEOUT_MS }),
    );
  }

  /** Removes a partition's records before `offset`, as retention would: for tests against a real broker. */
  async deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    await this.#call(`delete records of ${topic}`, topic, async (admin) => {
      // kafkajs deletes only where it has looked up the leaders before.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
    });
  }

  /**
   * Partition → what was committed of it last, its offset and its note by the same commit. A negative offset, as
   * kafkajs itself can commit (−2, −1), means none.
   */
  async committed(group: string, topic: string): Promise<Map<number, CommittedOffset>> {
    const answer = await this.#call(`tell the offsets of group ${group}`, topic, (admin) =>
      admin.fetchOffsets({ groupId: group, topics: [topic] }),
    );
    const partitions = answer.find((committed) => committed.topic === topic)?.partitions ?? [];
    return new Map(
      partitions
        .map(({ partition, offset, metadata }) => {
          return [partition, { offset: Number(offset), note: metadata ?? "" }] as const;
        })
        .filter(([, { offset }]) => offset >= 0),
    );
  }

  async membership(group: string, topic: string): Promise<GroupMembership> {
    const { groups } = await this.#call(`describe group ${group}`, topic, (admin) =>
      admin.describeGroups([group]),
    );
    return {
      isRebalancing: groups.some(({ state }) => REBALANCING_STATES.has(state)),
      members: groups.flatMap(({ members }) =>
        members.map(({ memberId, clientId, clientHost, memberAssignment, memberMetadata }) => {
          const sessionTimeoutMs = sessionTimeoutOf(memberMetadata);
          return {
            memberId,
            clientId,
            host: clientHost.replace(/^\//, ""),
            partitions: partitionsOf(memberAssignment, topic),
            ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
          };
        }),
      ),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // Never connected, or after a fault: there is nothing open, and disconnecting does no harm.
    await this.#admin.disconnect();
  }

  async #requirePartitionCounts(plans: readonly TopicPlan[]): Promise<Map<string, number>> {
    const counts = await this.partitionCounts(plans.map(({ topic }) => topic));
    for (const { topic, partitions } of plans) {
      const found = counts.get(topic) ?? partitions;
      if (found !== partitions) throw new PartitionCountError(topic, partitions, found);
    }
    return counts;
  }

  /** A broker tells of a new topic as soon as it has heard of it itself, which may be later than the answer. */
  async #untilListed(plans: readonly TopicPlan[]): Promise<void> {
    const deadlineMs = performance.now() + CREATE_TIMEOUT_MS;
    for (;;) {
      const counts = await this.#requirePartitionCounts(plans);
      const missing = plans.find(({ topic }) => !counts.has(topic));
      if (missing === undefined) return;
      if (performance.now() > deadlineMs) throw new UnknownTopicError(missing.topic);
      await sleep(LIST_PAUSE_MS);
    }
  }

  async #configurationDifferences(plans: readonly TopicPlan[]): Promise<TopicDifference[]> {
    const { resources } = await this.#call("describe its topics", undefined, (admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: plans.map(({ topic }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic })),
      }),
    );
    return plans.flatMap((plan) => {
      const entries = resources.find(({ resourceName }) => resourceName === plan.topic)?.configEntries ?? [];
      return configurationDifferences(
        plan,
        new Map(entries.map(({ configName, configValue }) => [configName, configValue])),
      );
    });
  }

  async #replicaDifferences(plans: readonly TopicPlan[]): Promise<TopicDifference[]> {
    const metadata = await this.#call("describe its topics", undefined, (admin) =>
      admin.fetchTopicMetadata({ topics: plans.map(({ topic }) => topic) }),
    );
    return plans.flatMap(({ topic, replicationFactor }) => {
      const partitions = metadata.topics.find(({ name }) => name === topic)?.partitions ?? [];
      const fewest = Math.min(...partitions.map(({ replicas }) => replicas.length));
      if (fewest >= replicationFactor) return [];
      const [wanted, found] = [String(replicationFactor), String(fewest)];
      const fix = `add replicas with kafka-reassign-partitions.sh for topic ${topic}`;
      return [{ topic, setting: "replication factor", wanted, found, fix }];
    });
  }

  #call<Answer>(
    doing: string,
    topic: string | undefined,
    ask: (admin: Admin) => Promise<Answer>,
  ): Promise<Answer> {
    return retryBounded({
      doing,
      topic: topic ?? "(any)",
      brokers: this.#brokers,
      closing: this.#closing.signal,
      limits: CALL_LIMITS,
      attempt: async () => {
        this.#connected ??= this.#unfit.connect(this.#admin);
        await this.#connected;
        return ask(this.#admin);
      },
      // The next attempt connects again.
      recover: () => {
        this.#connected = undefined;
        this.#logger.debug("kafka administration tried again", { doing });
      },
    });
  }
}

/** Waiting for all members to join, and then for what the first of them shares out. */
const REBALANCING_STATES: ReadonlySet<string> = new Set(["PreparingRebalance", "CompletingRebalance"]);

/** None where it has joined and was not given any yet. */
function partitionsOf(assignment: Buffer, topic: string): number[] {
  const decoded =
    assignment.length === 0 ? null : kafkajs.AssignerProtocol.MemberAssignment.decode(assignment);
  return (decoded?.assignment[topic] ?? []).toSorted((a, b) => a - b);
}

async function create(admin: Admin, plans: readonly TopicPlan[]): Promise<void> {
  try {
    await admin.createTopics({
      waitForLeaders: true,
      timeout: CREATE_TIMEOUT_MS,
      topics: plans.map(({ topic, partitions, replicationFactor, configuration }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(configuration).map(([name, value]) => ({ name, value })),
      })),
    });
  } catch (error) {
    throw translateTopicCreationError(error);
  }
}
