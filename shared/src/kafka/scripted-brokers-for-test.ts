import { setTimeout as sleep } from "node:timers/promises";
import type { ProducingConnections } from "./batch-sender.js";
import { retryBounded, type Attempt } from "./bounded-retry.js";
import type { InternalBroker, ProtocolCall } from "./kafkajs-internals.js";
import { decodeRecords, wholeBatches } from "./record-batch.js";
import type { LogRecord } from "./log-reader.js";

interface SentPartition {
  /** Which request it came in, from 1. */
  readonly request: number;
  readonly partition: number;
  readonly values: readonly string[];
}

export interface ScriptedBrokersOptions {
  /** Brokers that lead in turns, partition 0 by node 0; 1 unless given. */
  readonly nodes?: number;
  /** The error code of a partition's part of a request; "lost" leaves it out of the answer. */
  readonly answer?: (sent: SentPartition) => number | "lost";
  readonly callDeadlineMs?: number;
  readonly attemptTimeoutMs?: number;
}

const PARTITIONS = 8;
const REQUEST_HEAD_BYTES = 12;

/**
 * Brokers as KafkaAppender sees them, at the level of bytes: they read each Produce request, keep what the script
 * accepts, and refuse a partition with two batches under way.
 */
export class ScriptedBrokers implements ProducingConnections {
  readonly requestTimeoutMs = 1000;
  /** Partition → values in the order in which they were accepted. */
  readonly stored = new Map<number, string[]>();
  readonly requests: { nodeId: number; partitions: number[] }[] = [];
  largestBatchBytes = 0;
  /** Node that does not answer for now. */
  held: number | undefined;
  /** While true, lookups of leaders wait. */
  hangLookups = false;
  closed = false;
  leaderOf: (partition: number) => number;
  readonly #options: ScriptedBrokersOptions;
  readonly #busy = new Set<number>();
  #leaders: Map<number, number> | undefined;

  constructor(options: ScriptedBrokersOptions) {
    this.#options = options;
    this.leaderOf = (partition) => partition % (options.nodes ?? 1);
  }

  call<Answer>(
    topic: string,
    doing: string,
    _waitMs: number,
    attempt: (attempt: Attempt) => Promise<Answer>,
  ): Promise<Answer> {
    const { attemptTimeoutMs = 1000, callDeadlineMs = 5000 } = this.#options;
    return retryBounded({
      topic,
      doing,
      brokers: ["scripted"],
      attempt,
      limits: { attemptTimeoutMs, deadlineMs: callDeadlineMs },
      recover: () => {
        this.#leaders = undefined;
      },
    });
  }

  async leadersOf(): Promise<ReadonlyMap<number, number>> {
    while (this.hangLookups) await sleep(5);
    this.#leaders ??= new Map(
      Array.from({ length: PARTITIONS }, (_, partition) => [partition, this.leaderOf(partition)]),
    );
    return this.#leaders;
  }

  async broker(nodeId: number): Promise<InternalBroker> {
    const send = <Answer>(call: ProtocolCall<Answer>): Promise<Answer> => this.#produce(nodeId, call);
    return { connectionPool: { getConnection: async () => ({ send }) } } as unknown as InternalBroker;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  async #produce<Answer>(nodeId: number, call: ProtocolCall<Answer>): Promise<Answer> {
    const { encode } = call.request as { encode: () => Promise<{ buffer: Buffer }> };
    const { topic, partitions } = parseProduce((await encode()).buffer);
    const request = this.requests.push({ nodeId, partitions: partitions.map(({ partition }) => partition) });
    for (const { partition } of partitions) {
      if (this.#busy.has(partition)) throw new Error(`two batches under way for partition ${partition}`);
      this.#busy.add(partition);
    }
    do await sleep(1);
    while (this.held === nodeId);
    const answers: [partition: number, errorCode: number][] = [];
    for (const { partition, bytes } of partitions) {
      this.#busy.delete(partition);
      const values = valuesIn(bytes);
      const errorCode = this.#options.answer?.({ request, partition, values }) ?? 0;
      if (errorCode === "lost") continue;
      answers.push([partition, errorCode]);
      if (errorCode !== 0) continue;
      this.largestBatchBytes = Math.max(this.largestBatchBytes, bytes.length);
      this.stored.set(partition, [...(this.stored.get(partition) ?? []), ...values]);
    }
    return call.response.parse(await call.response.decode(produceAnswer(topic, answers)));
  }
}

/** Requests about one topic only. */
function parseProduce(bytes: Buffer): { topic: string; partitions: { partition: number; bytes: Buffer }[] } {
  if (bytes.readInt16BE(2) !== -1) throw new Error("the request does not ask for acks from all");
  if (bytes.readInt32BE(8) !== 1) throw new Error("the request is not about one topic");
  let at = REQUEST_HEAD_BYTES + 2 + bytes.readInt16BE(REQUEST_HEAD_BYTES);
  const topic = bytes.toString("utf8", REQUEST_HEAD_BYTES + 2, at);
  const partitions: { partition: number; bytes: Buffer }[] = [];
  const count = bytes.readInt32BE(at);
  at += 4;
  for (let index = 0; index < count; index++) {
    const end = at + 8 + bytes.readInt32BE(at + 4);
    partitions.push({ partition: bytes.readInt32BE(at), bytes: bytes.subarray(at + 8, end) });
    at = end;
  }
  if (at !== bytes.length) throw new Error("the request is longer than what it holds");
  return { topic, partitions };
}

function valuesIn(bytes: Buffer): string[] {
  const batches = [...wholeBatches(bytes)];
  if (batches.length !== 1 || batches[0]?.bytes.length !== bytes.length)
    throw new Error("not exactly one batch");
  const records: LogRecord[] = [];
  decodeRecords(batches[0], 0, records);
  return records.map(({ value }) => String(value));
}

function produceAnswer(topic: string, answers: readonly (readonly [number, number])[]): Buffer {
  const name = Buffer.from(topic);
  const bytes = Buffer.alloc(4 + 2 + name.length + 4 + answers.length * 30 + 4);
  bytes.writeInt32BE(1, 0);
  bytes.writeInt16BE(name.length, 4);
  name.copy(bytes, 6);
  let at = 6 + name.length;
  bytes.writeInt32BE(answers.length, at);
  at += 4;
  for (const [partition, errorCode] of answers) {
    bytes.writeInt32BE(partition, at);
    bytes.writeInt16BE(errorCode, at + 4);
    at += 30;
  }
  return bytes;
}
