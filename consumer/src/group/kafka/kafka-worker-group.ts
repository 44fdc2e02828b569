import {
  createKafka,
  KafkaAdmin,
  KafkaRefusedError,
  KafkaUnavailableError,
  translateKafkaError,
  UnfitConnection,
  type CommittedOffset,
  type KafkaSettings,
  type Logger,
  type WorkerSettings,
} from "@lastknown/shared";
import type { Consumer } from "kafkajs";
import type { CommitOutcome, GroupListener, WorkerGroup } from "../worker-group.js";
import { GroupCoordinator } from "./group-coordinator.js";

export interface KafkaWorkerGroupOptions {
  readonly settings: KafkaSettings;
  readonly membership: Pick<WorkerSettings, "sessionTimeoutMs" | "heartbeatIntervalMs">;
  readonly group: string;
  readonly topic: string;
  readonly logger: Logger;
}

/** Of joining and heartbeats, before the membership counts as lost and is begun anew. */
const JOIN_RETRIES = 5;
/**
 * How long kafkajs sleeps between two looks at whether a heartbeat is due, at most; also what leaving has to wait. A
 * look costs half as much as a fetch.
 */
const LOOK_INTERVAL_MS_MAX = 250;
const LOOKS_PER_HEARTBEAT = 4;
/** One is at work at a time, and another may still commit what it did before. */
const GENERATIONS_KEPT_MAX = 8;

/**
 * Membership by a kafkajs consumer that never fetches: all its partitions are paused, and the records come from a
 * reader of our own. So a slow batch cannot hold up a heartbeat, an exception cannot reach kafkajs's loop
 * (hazard K3), no offset is resolved late (K5), none jumps (K6) and kafkajs commits none of its own.
 *
 * kafkajs commits with the newest generation, even for partitions that went to another member (K4). So commits go
 * past it, each with the generation of its own assignment: the coordinator takes it as long as nobody else can have
 * the partitions, and refuses it afterwards.
 */
export class KafkaWorkerGroup implements WorkerGroup {
  readonly #options: KafkaWorkerGroupOptions;
  readonly #consumer: Consumer;
  readonly #unfit: UnfitConnection;
  readonly #admin: KafkaAdmin;
  readonly #coordinator: GroupCoordinator;
  /** Generation → the member that we were in it. The newest ones; none once we leave. */
  readonly #memberIds = new Map<number, string>();
  #isLeaving = false;

  constructor(options: KafkaWorkerGroupOptions) {
    const { settings, membership, logger } = options;
    this.#options = options;
    this.#unfit = new UnfitConnection(settings.brokers);
    this.#coordinator = new GroupCoordinator(options.group, membership.sessionTimeoutMs);
    // Who hears nothing for a session is no member any more, so there is no use in waiting longer for an answer.
    const requestTimeoutMs = Math.min(settings.requestTimeoutMs, membership.sessionTimeoutMs);
    const ownSettings = { ...settings, requestTimeoutMs };
    this.#admin = new KafkaAdmin({ settings: ownSettings, logger });
    this.#consumer = createKafka(ownSettings, { logger, unfit: this.#unfit }).consumer({
      groupId: options.group,
      partitionAssigners: [this.#coordinator.assigner],
      sessionTimeout: membership.sessionTimeoutMs,
      rebalanceTimeout: membership.sessionTimeoutMs,
      heartbeatInterval: membership.heartbeatIntervalMs,
      maxWaitTimeInMs: Math.min(LOOK_INTERVAL_MS_MAX, membership.heartbeatIntervalMs / LOOKS_PER_HEARTBEAT),
      allowAutoTopicCreation: false,
      // Else a member that leaves while it joins would come back: its broken connection counts as a crash.
      retry: { retries: JOIN_RETRIES, restartOnFailure: () => Promise.resolve(!this.#isLeaving) },
    });
  }

  async join(listener: GroupListener): Promise<void> {
    await this.#connect();
    this.#listen(listener);
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // Never called, as all is paused. Not resolving what it was given, it could do no harm.
      eachBatch: async () => await Promise.resolve(),
    });
  }

  async commit(
    generation: number,
    offsets: ReadonlyMap<number, number>,
    notes: ReadonlyMap<number, string> = NO_NOTES,
  ): Promise<CommitOutcome> {
    const memberId = this.#memberIds.get(generation);
    if (memberId === undefined) return "stale";
    const { topic, settings } = this.#options;
    const commits = [...offsets].map(([partition, offset]) => {
      return { partition, offset, note: notes.get(partition) ?? "" };
    });
    try {
      await this.#coordinator.commit({ generation, memberId }, topic, commits);
      return "committed";
    } catch (error) {
      if (isRefusedByCoordinator(error) || !this.#memberIds.has(generation)) return "stale";
      const doing = "take the committed offsets";
      const translated = translateKafkaError(error, settings.brokers, doing);
      if (translated instanceof KafkaRefusedError) throw translated;
      // Whatever else the coordinator says: the records are worked off, and their commit can come later.
      throw new KafkaUnavailableError(settings.brokers, doing, { cause: error });
    }
  }

  async committed(): Promise<Map<number, CommittedOffset>> {
    const { group, topic } = this.#options;
    return await this.#admin.committed(group, topic);
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#memberIds.clear();
    await Promise.all([this.#consumer.disconnect(), this.#admin.close()]);
  }

  async #connect(): Promise<void> {
    try {
      await this.#unfit.connect(this.#consumer);
      await this.#consumer.subscribe({ topic: this.#options.topic, fromBeginning: true });
    } catch (error) {
      throw translateKafkaError(error, this.#options.settings.brokers, "let a worker into its group");
    }
  }

  #listen(listener: GroupListener): void {
    const { GROUP_JOIN, REBALANCING, CRASH } = this.#consumer.events;
    const { topic, logger } = this.#options;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      // kafkajs emits this before its first fetch of the assignment.
      this.#consumer.pause([{ topic }]);
      listener.assigned(this.#rememberJoin(), payload.memberAssignment[topic] ?? []);
    });
    this.#consumer.on(REBALANCING, ({ payload }: { payload: RebalancingPayload }) => {
      if (!this.#isLeaving) listener.revoked(payload.error);
    });
    this.#consumer.on(CRASH, ({ payload }) => {
      if (this.#isLeaving) return;
      const error = this.#unfit.error ?? payload.error;
      logger.warn("membership lost", { error, comesBack: payload.restart });
      if (payload.restart) listener.revoked(error);
      else
        listener.failed(
          translateKafkaError(error, this.#options.settings.brokers, "keep a worker in its group"),
        );
    });
  }

  /** Gives the generation that we have joined. */
  #rememberJoin(): number {
    const { generation, memberId } = this.#coordinator.joined;
    this.#memberIds.set(generation, memberId);
    const [oldest] = this.#memberIds.keys();
    if (this.#memberIds.size > GENERATIONS_KEPT_MAX && oldest !== undefined) this.#memberIds.delete(oldest);
    return generation;
  }
}

/** Kafka's part in it, where it is none of the group's own: our repairs of kafkajs tell it. */
interface RebalancingPayload {
  readonly error?: Error;
}

const NO_NOTES: ReadonlyMap<number, string> = new Map();

/** The coordinator knows a newer generation, or us no more: the assignment is over, which we shall hear. */
const STALE_TYPES = new Set([
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
  "REBALANCE_IN_PROGRESS",
  "FENCED_INSTANCE_ID",
]);

function isRefusedByCoordinator(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return [error, cause].some(
    (one) => one instanceof Error && "type" in one && STALE_TYPES.has(String(one.type)),
  );
}
