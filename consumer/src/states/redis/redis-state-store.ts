import { parseProgress, RedisKeys, type Logger } from "@lastknown/shared";
import type { ChainableCommander, Cluster } from "ioredis";
import type { BucketOutcome, BucketUpdate, StateStore } from "../state-store.js";
import { slotOfBucket } from "./bucket-slot.js";
import { withinDeadline } from "./deadline.js";
import { REPLY, UPSERT_SCRIPT } from "./upsert-script.js";

export interface RedisStateStoreOptions {
  readonly redis: Cluster;
  readonly fleet: string;
  readonly logger: Logger;
  /** How long one call may take, with all its retries. */
  readonly deadlineMs: number;
  /** How long a write waits until a replica has it; 0 does not wait. Nor does a node without replicas. */
  readonly replicaWaitMs: number;
}

/** Strings only: Buffers as arguments cost nearly twice as much (hazard R9). */
type ScriptArguments = (string | number)[];
type ScriptReply = [code: number, value: number];

/** What defineCommand puts onto clients and pipelines, which their types cannot know. */
interface WithUpsert<Reply> {
  lastknownUpsert(...scriptArguments: ScriptArguments): Reply;
}

/** One slot's place in the answer of a pipeline. */
type Entry = [error: Error | null, reply: unknown];

/**
 * States in a Redis Cluster, for people to read: one hash per user, and each bucket's progress beside its users.
 *
 * An update is one call of UPSERT_SCRIPT; the updates of one node go in one pipeline, with a WAIT for its replica
 * at the end, as a WAIT sent by itself would ask any node. What a pipeline could not do, because a slot had moved
 * or a connection broke, is sent again one by one, and ioredis finds the node.
 */
export class RedisStateStore implements StateStore {
  readonly #redis: Cluster & WithUpsert<Promise<ScriptReply>>;
  readonly #keys: RedisKeys;
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  readonly #replicaWaitMs: number;

  constructor(options: RedisStateStoreOptions) {
    options.redis.defineCommand("lastknownUpsert", { lua: UPSERT_SCRIPT });
    this.#redis = options.redis as Cluster & WithUpsert<Promise<ScriptReply>>;
    this.#keys = new RedisKeys(options.fleet);
    this.#logger = options.logger;
    this.#deadlineMs = options.deadlineMs;
    this.#replicaWaitMs = options.replicaWaitMs;
  }

  async apply(updates: readonly BucketUpdate[]): Promise<BucketOutcome[]> {
    const outcomes = new Map<BucketUpdate, BucketOutcome>();
    await withinDeadline(
      this.#deadlineMs,
      Promise.all(
        [...this.#byNode(updates)].map(([node, group]) => this.#applyOnNode(node, group, outcomes)),
      ),
    );
    return updates.map((update) => outcomes.get(update) as BucketOutcome);
  }

  async progress(buckets: readonly number[]): Promise<Map<number, number>> {
    const texts = await withinDeadline(
      this.#deadlineMs,
      Promise.all(buckets.map((bucket) => this.#redis.get(this.#keys.progress(bucket)))),
    );
    return new Map(buckets.map((bucket, index) => [bucket, parseProgress(texts[index] ?? null) ?? 0]));
  }

  /** By the names of the nodes that serve the slot, the master first; one group where the slots are not known. */
  #byNode(updates: readonly BucketUpdate[]): Map<string, BucketUpdate[]> {
    const groups = new Map<string, BucketUpdate[]>();
    for (const update of updates) {
      const node = this.#redis.slots[slotOfBucket(update.bucket)]?.join(";") ?? "";
      const group = groups.get(node);
      if (group === undefined) groups.set(node, [update]);
      else group.push(update);
    }
    return groups;
  }

  async #applyOnNode(
    node: string,
    updates: readonly BucketUpdate[],
    outcomes: Map<BucketUpdate, BucketOutcome>,
  ): Promise<void> {
    const hasReplica = node.includes(";");
    const entries = await this.#sendPipeline(updates, hasReplica);
    const failed: BucketUpdate[] = [];
    updates.forEach((update, index) => {
      const [error, reply] = entries[index] ?? [new Error("no answer"), null];
      if (error === null) outcomes.set(update, outcomeOf(reply as ScriptReply));
      else failed.push(update);
    });
    if (failed.length === 0) return;

    this.#logger.warn("redis updates sent again", { node, updates: failed.length, error: entries[0]?.[0] });
    await Promise.all(
      failed.map(async (update) => {
        const reply = await this.#redis.lastknownUpsert(...this.#argumentsOf(update));
        outcomes.set(update, outcomeOf(reply));
      }),
    );
  }

  async #sendPipeline(updates: readonly BucketUpdate[], hasReplica: boolean): Promise<Entry[]> {
    const pipeline = this.#redis.pipeline() as ChainableCommander & WithUpsert<unknown>;
    for (const update of updates) pipeline.lastknownUpsert(...this.#argumentsOf(update));
    if (hasReplica && this.#replicaWaitMs > 0) pipeline.wait(1, this.#replicaWaitMs);
    try {
      return (await pipeline.exec()) ?? [];
    } catch (error) {
      // The slots moved between the grouping and the sending: then each update finds its own node.
      this.#logger.debug("redis pipeline refused", { error });
      return [];
    }
  }

  #argumentsOf({ bucket, expectedProgress, progress, states }: BucketUpdate): ScriptArguments {
    const keys = [this.#keys.progress(bucket), ...states.map(({ user }) => this.#keys.state(user, bucket))];
    const script: ScriptArguments = [keys.length, ...keys, String(expectedProgress), String(progress)];
    for (const { order, timeStamp, sts, attributes, source } of states) {
      script.push(order, timeStamp, sts, attributes, source);
    }
    return script;
  }
}

function outcomeOf([code, value]: ScriptReply): BucketOutcome {
  return code === REPLY.behind ? { kind: "behind", stored: value } : { kind: "applied", written: value };
}
