import { isReadyWithin, parseProgress, RedisKeys, type Logger } from "@lastknown/shared";
import type { ChainableCommander, Cluster } from "ioredis";
import {
  StatesUnavailableError,
  type BucketOutcome,
  type BucketUpdate,
  type RebuildCall,
  type StateStore,
  type StoredState,
} from "../state-store.js";
import { slotOfBucket } from "./bucket-slot.js";
import { withinDeadline } from "./deadline.js";
import { REBUILD_SCRIPT, REPLY, UPSERT_SCRIPT } from "./state-scripts.js";

export interface RedisStateStoreOptions {
  readonly redis: Cluster;
  readonly fleet: string;
  readonly logger: Logger;
  /** How long one call may take, with all its retries. */
  readonly deadlineMs: number;
  /** How long a write waits until a replica has it; 0 does not wait. */
  readonly replicaWaitMs: number;
  /**
   * What to do where no replica has a write in time. `heal`: go on, as the progress check mends what is lost; nor is
   * it waited on a node that has no replica. `wait`: fail as for a node that is away, and so be tried again.
   */
  readonly noReplica: "heal" | "wait";
  /** Told of each write that no replica is known to have, by the number of its buckets. */
  readonly onUnprotected: (buckets: number) => void;
}

/** Strings only: Buffers as arguments cost nearly twice as much (hazard R9). */
type ScriptArguments = (string | number)[];
type ScriptReply = [code: number, value: number];

/** What defineCommand puts onto clients and pipelines, which their types cannot know. */
interface WithScripts<Reply> {
  lastknownUpsert(...scriptArguments: ScriptArguments): Reply;
  lastknownRebuild(...scriptArguments: ScriptArguments): Reply;
}

/** One call of a script, for one bucket. */
interface BucketCall {
  readonly bucket: number;
  readonly script: keyof WithScripts<unknown>;
  readonly scriptArguments: ScriptArguments;
}

/** One slot's place in the answer of a pipeline. */
type Entry = [error: Error | null, reply: unknown];

/**
 * States in a Redis Cluster, for people to read: one hash per user, and each bucket's progress beside its users.
 *
 * An update is one call of a script; the calls for one node go in one pipeline, with a WAIT for its replica at the
 * end, as a WAIT sent by itself would ask any node. What a pipeline could not do, because a slot had moved or a
 * connection broke, is sent again one by one, and ioredis finds the node.
 */
export class RedisStateStore implements StateStore {
  readonly #options: RedisStateStoreOptions;
  readonly #redis: Cluster & WithScripts<Promise<ScriptReply>>;
  readonly #keys: RedisKeys;

  constructor(options: RedisStateStoreOptions) {
    options.redis.defineCommand("lastknownUpsert", { lua: UPSERT_SCRIPT });
    options.redis.defineCommand("lastknownRebuild", { lua: REBUILD_SCRIPT });
    this.#options = options;
    this.#redis = options.redis as Cluster & WithScripts<Promise<ScriptReply>>;
    this.#keys = new RedisKeys(options.fleet);
  }

  async apply(updates: readonly BucketUpdate[]): Promise<BucketOutcome[]> {
    return await this.#callAll(updates.map((update) => this.#upsertOf(update)));
  }

  async rebuild(calls: readonly RebuildCall[]): Promise<BucketOutcome[]> {
    return await this.#callAll(calls.map((call) => this.#rebuildOf(call)));
  }

  async progress(buckets: readonly number[]): Promise<Map<number, number>> {
    await this.#requireReady();
    const texts = await withinDeadline(
      this.#options.deadlineMs,
      Promise.all(buckets.map((bucket) => this.#redis.get(this.#keys.progress(bucket)))),
    );
    return new Map(buckets.map((bucket, index) => [bucket, parseProgress(texts[index] ?? null) ?? 0]));
  }

  async #callAll(calls: readonly BucketCall[]): Promise<BucketOutcome[]> {
    await this.#requireReady();
    const outcomes = new Map<BucketCall, BucketOutcome>();
    await withinDeadline(
      this.#options.deadlineMs,
      Promise.all([...this.#byNode(calls)].map(([node, group]) => this.#callNode(node, group, outcomes))),
    );
    return calls.map((call) => outcomes.get(call) as BucketOutcome);
  }

  /** What ioredis is given while the cluster is away it keeps until that is back: with each attempt more, for hours. */
  async #requireReady(): Promise<void> {
    const { deadlineMs } = this.#options;
    if (await isReadyWithin(this.#redis, deadlineMs)) return;
    throw new StatesUnavailableError(`the Redis Cluster was not there within ${deadlineMs} ms`);
  }

  /** By the names of the nodes that serve the slot, the master first; one group where the slots are not known. */
  #byNode(calls: readonly BucketCall[]): Map<string, BucketCall[]> {
    const groups = new Map<string, BucketCall[]>();
    for (const call of calls) {
      const node = this.#redis.slots[slotOfBucket(call.bucket)]?.join(";") ?? "";
      const group = groups.get(node);
      if (group === undefined) groups.set(node, [call]);
      else group.push(call);
    }
    return groups;
  }

  async #callNode(
    node: string,
    calls: readonly BucketCall[],
    outcomes: Map<BucketCall, BucketOutcome>,
  ): Promise<void> {
    const entries = await this.#sendPipeline(node, calls);
    const failed: BucketCall[] = [];
    calls.forEach((call, index) => {
      const [error, reply] = entries[index] ?? [new Error("no answer"), null];
      if (error === null) outcomes.set(call, outcomeOf(reply as ScriptReply));
      else failed.push(call);
    });
    if (failed.length > 0) await this.#callAgain(node, failed, { outcomes, error: entries[0]?.[0] });
    const replicas = entries[calls.length]?.[1];
    const isReplicated = typeof replicas === "number" && replicas > 0;
    // No WAIT belongs to what was sent again, one by one.
    this.#tellUnprotected(node, isReplicated ? failed.length : calls.length);
  }

  async #callAgain(
    node: string,
    calls: readonly BucketCall[],
    { outcomes, error }: { outcomes: Map<BucketCall, BucketOutcome>; error: Error | null | undefined },
  ): Promise<void> {
    this.#options.logger.warn("redis updates sent again", { node, updates: calls.length, error });
    await Promise.all(
      calls.map(async (call) => {
        outcomes.set(call, outcomeOf(await this.#redis[call.script](...call.scriptArguments)));
      }),
    );
  }

  #tellUnprotected(node: string, buckets: number): void {
    const { replicaWaitMs, noReplica, onUnprotected } = this.#options;
    if (replicaWaitMs === 0 || buckets === 0) return;
    if (noReplica === "heal") return onUnprotected(buckets);
    throw new StatesUnavailableError(
      `no replica of ${node} had the writes of ${buckets} buckets within ${replicaWaitMs} ms`,
    );
  }

  async #sendPipeline(node: string, calls: readonly BucketCall[]): Promise<Entry[]> {
    const { replicaWaitMs, noReplica, logger } = this.#options;
    const pipeline = this.#redis.pipeline() as ChainableCommander & WithScripts<unknown>;
    for (const { script, scriptArguments } of calls) pipeline[script](...scriptArguments);
    const mayHaveReplica = noReplica === "wait" || node.includes(";");
    if (mayHaveReplica && replicaWaitMs > 0) pipeline.wait(1, replicaWaitMs);
    try {
      return (await pipeline.exec()) ?? [];
    } catch (error) {
      // The slots moved between the grouping and the sending: then each update finds its own node.
      logger.debug("redis pipeline refused", { error });
      return [];
    }
  }

  #upsertOf({ bucket, expectedProgress, progress, states }: BucketUpdate): BucketCall {
    const keys = [this.#keys.progress(bucket), ...this.#stateKeys(bucket, states)];
    const values = [String(expectedProgress), String(progress), ...valuesOf(states)];
    return { bucket, script: "lastknownUpsert", scriptArguments: [keys.length, ...keys, ...values] };
  }

  #rebuildOf({ bucket, rebuild, callsBefore, progress, states }: RebuildCall): BucketCall {
    const own = [this.#keys.progress(bucket), this.#keys.rebuild(bucket)];
    const keys = [...own, ...this.#stateKeys(bucket, states)];
    const reached = progress === undefined ? "" : String(progress);
    const values = [rebuild, String(callsBefore), reached, ...valuesOf(states)];
    return { bucket, script: "lastknownRebuild", scriptArguments: [keys.length, ...keys, ...values] };
  }

  #stateKeys(bucket: number, states: readonly StoredState[]): string[] {
    return states.map(({ user }) => this.#keys.state(user, bucket));
  }
}

function valuesOf(states: readonly StoredState[]): string[] {
  const values: string[] = [];
  for (const { order, timeStamp, sts, attributes, source } of states) {
    values.push(order, timeStamp, sts, attributes, source);
  }
  return values;
}

function outcomeOf([code, value]: ScriptReply): BucketOutcome {
  return code === REPLY.behind ? { kind: "behind", stored: value } : { kind: "applied", written: value };
}
