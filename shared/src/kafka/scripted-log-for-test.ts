import { silentLogger } from "../logging/index.js";
import { loadSettings } from "../settings/index.js";
import { encodeBatch, type AppendCompression } from "./batch-encoder.js";
import { retryBounded } from "./bounded-retry.js";
import { KafkaLogReader, type ReadingConnections } from "./kafka-log-reader.js";
import { KafkaUnavailableError } from "./errors.js";
import type { LogSlice } from "./log-reader.js";
import type { FetchRequestOptions, InternalBroker, ProtocolCall } from "./kafkajs-internals.js";

/** A fetch as it was sent to a broker. */
interface FetchSeen {
  readonly nodeId: number;
  readonly waitMs: number;
  /** Partition and offset, in the order in which the request names them. */
  readonly positions: readonly (readonly [partition: number, offset: number])[];
}

export function valuesOf(slice: LogSlice | undefined): string[] | undefined {
  return slice?.records.map(({ value }) => String(value));
}

export interface ScriptedLogOptions {
  readonly partitions: number;
  /** Brokers that lead in turns, partition 0 by node 0; 1 unless given. */
  readonly nodes?: number;
  /** The error code of a partition's part of an answer, by the number of the fetch, from 1; asked at each append, too. */
  readonly errorCode?: (fetch: number, partition: number) => number;
}

type Batches = { baseOffset: number; bytes: Buffer }[];

/**
 * A log on several brokers as KafkaLogReader sees it: each connection answers one fetch at a time, which waits until
 * there are records for it, or for its time.
 */
export class ScriptedLog implements ReadingConnections {
  readonly requestTimeoutMs = 1000;
  readonly internals = {
    fetchRequest: (options: FetchRequestOptions) => options,
  } as ReadingConnections["internals"];
  readonly fetches: FetchSeen[] = [];
  leaderOf: (partition: number) => number;
  /** While true no fetch waits for records. */
  isImpatient = false;
  /** While true no fetch is answered. */
  isHung = false;
  readonly #options: ScriptedLogOptions;
  readonly #batches = new Map<number, Batches>();
  /** Node id → the broker of now, replaced when its connections are dropped. */
  #brokers = new Map<number, InternalBroker>();
  /** `node/connection` → the end of the fetch that was sent last on it. */
  #lastAnswers = new Map<string, Promise<unknown>>();
  /** Those who wait, by node; called at each append, or with the error by which their fetch ends. */
  #waiting: { nodeId: number; wake: (error?: Error) => void }[] = [];
  readonly #closing = new AbortController();

  constructor(options: ScriptedLogOptions) {
    this.#options = options;
    this.leaderOf = (partition) => partition % (options.nodes ?? 1);
  }

  reader(): KafkaLogReader {
    const { kafka: settings } = loadSettings({ environment: {} });
    return new KafkaLogReader({ settings, logger: silentLogger, connections: this });
  }

  /** As one batch. Gives the offset of its first record. */
  async append(
    partition: number,
    values: readonly (string | Buffer)[],
    compression: AppendCompression = "none",
  ): Promise<number> {
    const records = values.map((value) => ({ key: null, value: Buffer.from(value) }));
    const bytes = await encodeBatch(records, Date.now(), compression);
    const baseOffset = this.endOf(partition);
    bytes.writeBigInt64BE(BigInt(baseOffset), 0);
    this.#batches.set(partition, [...this.#batchesOf(partition), { baseOffset, bytes }]);
    for (const { wake } of this.#waiting) wake();
    return baseOffset;
  }

  endOf(partition: number): number {
    const last = this.#batchesOf(partition).at(-1);
    return last === undefined ? 0 : last.baseOffset + last.bytes.readInt32BE(57);
  }

  /** Ends the fetches under way at a broker by the error; unless given, as a connection that is lost. */
  failFetches(nodeId: number, error: Error = connectionLost()): void {
    for (const waiting of this.#waiting) if (waiting.nodeId === nodeId) waiting.wake(error);
  }

  /** Ends all fetches under way; brokers asked for later are new objects. */
  dropConnections(): void {
    for (const nodeId of this.#brokers.keys()) this.failFetches(nodeId);
    this.#brokers = new Map();
    this.#lastAnswers = new Map();
  }

  call: ReadingConnections["call"] = (topic, doing, _waitMs, attempt) =>
    retryBounded({
      topic,
      doing,
      brokers: ["scripted"],
      attempt,
      closing: this.#closing.signal,
      limits: { attemptTimeoutMs: 5000, deadlineMs: 5000 },
      recover: (fault) => {
        if (fault === "unreachable") this.dropConnections();
      },
    });

  async leadersOf(): Promise<ReadonlyMap<number, number>> {
    const partitions = Array.from({ length: this.#options.partitions }, (_, partition) => partition);
    return new Map(partitions.map((partition) => [partition, this.leaderOf(partition)]));
  }

  async partitionsByLeader(_topic: string, partitions: Iterable<number>): Promise<Map<number, number[]>> {
    const byLeader = new Map<number, number[]>();
    for (const partition of partitions) {
      const leader = this.leaderOf(partition);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    return byLeader;
  }

  async broker(nodeId: number): Promise<InternalBroker> {
    const broker = this.#brokers.get(nodeId) ?? this.#makeBroker(nodeId);
    this.#brokers.set(nodeId, broker);
    return broker;
  }

  async close(): Promise<void> {
    this.#closing.abort(new KafkaUnavailableError(["scripted"], "go on"));
    this.dropConnections();
  }

  #batchesOf(partition: number): Batches {
    return this.#batches.get(partition) ?? [];
  }

  #makeBroker(nodeId: number): InternalBroker {
    return {
      connectionPool: {
        getConnection: async (index) => ({
          send: (call) => {
            const fetch = this.#see(nodeId, call.request as FetchRequestOptions);
            return this.#inTurn(`${nodeId}/${index}`, () => this.#answer(nodeId, fetch, call));
          },
        }),
      },
      listOffsets: async ({ topics }) => ({
        responses: topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition, timestamp }) => ({
            partition,
            offset: String(timestamp === -2 ? 0 : this.endOf(partition)),
          })),
        })),
      }),
    };
  }

  #inTurn<Answer>(connection: string, answer: () => Promise<Answer>): Promise<Answer> {
    const before = this.#lastAnswers.get(connection) ?? Promise.resolve();
    const answered = before.then(answer, answer);
    this.#lastAnswers.set(
      connection,
      answered.catch(() => undefined),
    );
    return answered;
  }

  /** Gives the number of the fetch. */
  #see(nodeId: number, { maxWaitTime: waitMs, topics }: FetchRequestOptions): number {
    const positions = topics.flatMap(({ partitions }) =>
      partitions.map(({ partition, fetchOffset }) => [partition, fetchOffset] as const),
    );
    return this.fetches.push({ nodeId, waitMs, positions });
  }

  async #answer<Answer>(nodeId: number, fetch: number, call: ProtocolCall<Answer>): Promise<Answer> {
    const request = call.request as FetchRequestOptions;
    const [{ topic, partitions }] = request.topics as [FetchRequestOptions["topics"][number]];
    const positions = partitions.map(({ partition, fetchOffset }) => [partition, fetchOffset] as const);
    const codeOf = (partition: number): number => this.#options.errorCode?.(fetch, partition) ?? 0;
    const hasAnswer = (): boolean =>
      positions.some(([partition, offset]) => codeOf(partition) !== 0 || offset < this.endOf(partition));
    const deadline = performance.now() + request.maxWaitTime;
    const mayWait = (): boolean => !hasAnswer() && !this.isImpatient && performance.now() < deadline;
    while (this.isHung || mayWait()) await this.#change(nodeId, deadline);
    let bytesLeft = request.maxBytes;
    const answers = positions.map(([partition, offset]) => {
      const errorCode = codeOf(partition);
      const records = errorCode === 0 ? this.#recordsFrom(partition, offset, bytesLeft) : Buffer.alloc(0);
      bytesLeft -= records.length;
      return partitionAnswer({ partition, errorCode, end: this.endOf(partition), records });
    });
    return call.response.parse(await call.response.decode(fetchAnswer(topic, answers)));
  }

  /** Resolves at the next append, or at the deadline. */
  async #change(nodeId: number, deadline: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => wake(), Math.max(1, deadline - performance.now()));
      const wake = (error?: Error): void => {
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((waiting) => waiting.wake !== wake);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#waiting.push({ nodeId, wake });
    });
  }

  /** Whole batches within the limit, and the first one in any case while there is room at all. */
  #recordsFrom(partition: number, offset: number, bytesMax: number): Buffer {
    const taken: Buffer[] = [];
    let bytesLeft = bytesMax;
    for (const { baseOffset, bytes } of this.#batchesOf(partition)) {
      if (baseOffset + bytes.readInt32BE(57) <= offset) continue;
      if (bytesLeft <= 0 || (taken.length > 0 && bytes.length > bytesLeft)) break;
      taken.push(bytes);
      bytesLeft -= bytes.length;
    }
    return Buffer.concat(taken);
  }
}

function connectionLost(): Error {
  return Object.assign(new Error("lost"), { name: "KafkaJSConnectionClosedError" });
}

interface PartitionAnswer {
  readonly partition: number;
  readonly errorCode: number;
  readonly end: number;
  readonly records: Buffer;
}

/** As version 11 of the protocol has it, without aborted transactions. */
function partitionAnswer({ partition, errorCode, end, records }: PartitionAnswer): Buffer {
  const head = Buffer.alloc(42);
  head.writeInt32BE(partition, 0);
  head.writeInt16BE(errorCode, 4);
  head.writeBigInt64BE(BigInt(end), 6);
  head.writeBigInt64BE(BigInt(end), 14);
  head.writeInt32BE(-1, 30);
  head.writeInt32BE(-1, 34);
  head.writeInt32BE(records.length, 38);
  return Buffer.concat([head, records]);
}

function fetchAnswer(topic: string, partitions: readonly Buffer[]): Buffer {
  const name = Buffer.from(topic);
  const head = Buffer.alloc(16 + name.length + 4);
  head.writeInt32BE(1, 10);
  head.writeInt16BE(name.length, 14);
  name.copy(head, 16);
  head.writeInt32BE(partitions.length, 16 + name.length);
  return Buffer.concat([head, ...partitions]);
}
