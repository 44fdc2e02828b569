import { isReadyWithin, parseProgress, RedisKeys, type Logger } from "@lastknown/shared";
import type { Cluster, Redis } from "ioredis";
import {
  StatesUnavailableError,
  type BucketOutcome,
  type BucketUpdate,
  type NewestState,
  type RebuildCall,
  type StateStore,
} from "../state-store.js";
import { slotOfBucket } from "./bucket-slot.js";
import { TextWords, type CommandWords } from "./command-words.js";
import { withinDeadline } from "./deadline.js";
import { ScriptCalls, scriptOf, type Answer, type ScriptCall } from "./script-calls.js";
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

type ScriptReply = [code: number, value: number];

/** What defineCommand puts onto a client, which its type cannot know. */
interface WithScripts {
  lastknownUpsert(...scriptArguments: (string | number)[]): Promise<ScriptReply>;
  lastknownRebuild(...scriptArguments: (string | number)[]): Promise<ScriptReply>;
}

/** One call of a script, for one bucket. */
interface BucketCall extends ScriptCall {
  readonly bucket: number;
  readonly command: keyof WithScripts;
}

/** The nodes that serve a slot, as #byNode names them, and the client of the master; undefined where none is known. */
interface ServingNodes {
  readonly node: string;
  readonly client: Redis | undefined;
}

const NODE_SEPARATOR = ";";
const NO_ANSWER: Answer = { error: new Error("no answer") };
const UPSERT = { script: scriptOf(UPSERT_SCRIPT), command: "lastknownUpsert" } as const;
const REBUILD = { script: scriptOf(REBUILD_SCRIPT), command: "lastknownRebuild" } as const;

/**
 * States in a Redis Cluster, for people to read: one hash per user, and each bucket's progress beside its users.
 *
 * An update is one call of a script; the calls for one node go together, with a WAIT for its replica at the end, as a
 * WAIT sent by itself would ask any node. What could not be done so, because a slot had moved or a connection broke, is
 * sent again one by one, and ioredis finds the node.
 */
export class RedisStateStore implements StateStore {
  readonly #options: RedisStateStoreOptions;
  readonly #redis: Cluster & WithScripts;
  readonly #keys: RedisKeys;
  /** By bucket. */
  readonly #keyHeads: (Buffer | undefined)[] = [];
  readonly #scriptCalls = new ScriptCalls();

  constructor(options: RedisStateStoreOptions) {
    options.redis.defineCommand("lastknownUpsert", { lua: UPSERT_SCRIPT });
    options.redis.defineCommand("lastknownRebuild", { lua: REBUILD_SCRIPT });
    this.#options = options;
    this.#redis = options.redis as Cluster & WithScripts;
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
    const clients = new Map(this.#redis.nodes("master").map((client) => [nameOf(client), client]));
    const groups = [...this.#byNode(calls)];
    await withinDeadline(
      this.#options.deadlineMs,
      Promise.all(
        groups.map(([node, group]) =>
          this.#callNode({ node, client: clients.get(masterOf(node)) }, group, outcomes),
        ),
      ),
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
      const node = this.#redis.slots[slotOfBucket(call.bucket)]?.join(NODE_SEPARATOR) ?? "";
      const group = groups.get(node);
      if (group === undefined) groups.set(node, [call]);
      else group.push(call);
    }
    return groups;
  }

  async #callNode(
    { node, client }: ServingNodes,
    calls: readonly BucketCall[],
    outcomes: Map<BucketCall, BucketOutcome>,
  ): Promise<void> {
    const answers =
      client === undefined ? [] : await this.#scriptCalls.send(client, calls, this.#waitMsOf(node));
    const failed: BucketCall[] = [];
    calls.forEach((call, index) => {
      const { reply, error } = answers[index] ?? NO_ANSWER;
      if (error === undefined) outcomes.set(call, outcomeOf(reply as ScriptReply));
      else failed.push(call);
    });
    if (failed.length > 0) await this.#callAgain(node, failed, { outcomes, error: answers[0]?.error });
    const waited = answers[calls.length] ?? NO_ANSWER;
    const isReplicated = waited.error === undefined && Number(waited.reply) > 0;
    // No WAIT belongs to what was sent again, one by one.
    this.#tellUnprotected(node, isReplicated ? failed.length : calls.length);
  }

  async #callAgain(
    node: string,
    calls: readonly BucketCall[],
    { outcomes, error }: { outcomes: Map<BucketCall, BucketOutcome>; error: Error | undefined },
  ): Promise<void> {
    this.#options.logger.warn("redis updates sent again", { node, updates: calls.length, error });
    await Promise.all(
      calls.map(async (call) => {
        const words = new TextWords();
        call.write(words);
        outcomes.set(call, outcomeOf(await this.#redis[call.command](call.keyCount, ...words.texts)));
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

  /** How long to wait for a replica of the node; undefined where it has none that could have it. */
  #waitMsOf(node: string): number | undefined {
    const { replicaWaitMs, noReplica } = this.#options;
    const mayHaveReplica = noReplica === "wait" || node.includes(NODE_SEPARATOR);
    return mayHaveReplica && replicaWaitMs > 0 ? replicaWaitMs : undefined;
  }

  #upsertOf({ bucket, expectedProgress, progress, states }: BucketUpdate): BucketCall {
    const write = (words: CommandWords): void => {
      words.text(this.#keys.progress(bucket));
      this.#writeStateKeys(words, bucket, states);
      words.text(String(expectedProgress));
      words.text(String(progress));
      writeStates(words, states);
    };
    return bucketCall(UPSERT, { bucket, states, keys: 1, values: 2, write });
  }

  #rebuildOf({ bucket, rebuild, callsBefore, progress, states }: RebuildCall): BucketCall {
    const write = (words: CommandWords): void => {
      words.text(this.#keys.progress(bucket));
      words.text(this.#keys.rebuild(bucket));
      this.#writeStateKeys(words, bucket, states);
      words.text(rebuild);
      words.text(String(callsBefore));
      words.text(progress === undefined ? "" : String(progress));
      writeStates(words, states);
    };
    return bucketCall(REBUILD, { bucket, states, keys: 2, values: 3, write });
  }

  #writeStateKeys(words: CommandWords, bucket: number, states: readonly NewestState[]): void {
    const head = this.#keyHeadOf(bucket);
    for (const { user } of states) words.headed(head, user);
  }

  /** What the keys of all users of a bucket begin with. */
  #keyHeadOf(bucket: number): Buffer {
    return (this.#keyHeads[bucket] ??= Buffer.from(this.#keys.state("", bucket)));
  }
}

const VALUES_PER_STATE = 5;

interface CallContents extends Pick<BucketCall, "bucket" | "write"> {
  readonly states: readonly NewestState[];
  /** How many keys and values come before those of the states. */
  readonly keys: number;
  readonly values: number;
}

/** Field by field: objects that are spread into one have a shape each, which every look at a field has to find out. */
function bucketCall(
  { script, command }: Pick<BucketCall, "script" | "command">,
  { bucket, states, keys, values, write }: CallContents,
): BucketCall {
  const keyCount = keys + states.length;
  const valueCount = values + VALUES_PER_STATE * states.length;
  return { script, command, bucket, keyCount, valueCount, write };
}

/** As storedState has them. */
function writeStates(words: CommandWords, states: readonly NewestState[]): void {
  let partition: number | undefined;
  let head = Buffer.alloc(0);
  for (const { order, attributes, source } of states) {
    words.order(order);
    words.time(order.timeStamp);
    words.time(order.sts);
    words.text(attributes);
    // All events of a bucket are of one topic and one partition.
    if (partition !== source.partition) head = Buffer.from(`${source.topic}/${source.partition}/`);
    partition = source.partition;
    words.numbered(head, source.offset);
  }
}

function outcomeOf([code, value]: ScriptReply): BucketOutcome {
  return code === REPLY.behind ? { kind: "behind", stored: value } : { kind: "applied", written: value };
}

function masterOf(node: string): string {
  return node.split(NODE_SEPARATOR, 1)[0] as string;
}

/** As the cluster's slots name it. */
function nameOf({ options }: Redis): string {
  return `${options.host}:${options.port}`;
}
