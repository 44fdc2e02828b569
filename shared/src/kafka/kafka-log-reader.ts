import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "../deadline/index.js";
import { BrokerConnections, type BrokerConnectionsOptions } from "./broker-connections.js";
import { OffsetOutOfRangeError, UndecodableBatchError, UnreadableBatchError } from "./errors.js";
import { InflationBudget } from "./gzip.js";
import { decodeFetched, parseFetchAnswer, type FetchedPartition } from "./fetch-answer.js";
import { OFFSET_NOT_AVAILABLE, OFFSET_OUT_OF_RANGE, PartitionError } from "./kafka-fault.js";
import type { EndKind, LogReader, LogSlice, PartitionEnds, ReadLimits } from "./log-reader.js";
import { endsOf } from "./partition-ends.js";
import {
  FailedFetch,
  PendingFetches,
  type BrokerPart,
  type FetchOutcome,
  type PendingFetch,
} from "./pending-fetches.js";

const READ_COMMITTED = 1;
/** Pause after a fetch that came back at once without progress, so that no caller can spin (hazard K7). */
const IDLE_PAUSE_MS = 20;
/** Enough to step over hundreds of emptied batches in one fetch. */
const LOOKUP_LIMITS: ReadLimits = { bytesMax: 16 * 1024, waitMs: 0 };

/** What of the connections is used to read; a test gives a log of its own. */
export type ReadingConnections = Pick<
  BrokerConnections,
  "call" | "leadersOf" | "partitionsByLeader" | "broker" | "close" | "requestTimeoutMs" | "internals"
>;

export interface KafkaLogReaderOptions extends BrokerConnectionsOptions {
  /** Given by tests; otherwise made from the settings. */
  readonly connections?: ReadingConnections;
}

/** What readMany was asked for. */
interface Read {
  readonly topic: string;
  readonly positions: ReadonlyMap<number, number>;
  readonly limits: ReadLimits;
}

/** What one fetch of each broker gave, as far as they have answered. */
interface Round {
  readonly slices: Map<number, LogSlice>;
  /** How long the quickest of the answers in it took; Infinity without any. */
  readonly tookMs: number;
}

/** What a broker has answered of the part of a read. */
interface Answer extends FetchOutcome {
  readonly part: BrokerPart;
  readonly fetch: PendingFetch;
}

/**
 * Reads from the partitions' leaders over kafkajs's connections, with a decoder of its own: kafkajs's loses the
 * offsets of emptied batches and costs several times as much.
 *
 * A broker answers one fetch of a connection at a time, so a read that waits delays others of the same reader:
 * use one reader per loop. Lookups and reads with waitMs 0 have a connection of their own.
 *
 * Where several brokers lead, a read that may wait ends with the first that has something. The fetches of the others
 * stay under way, one of each broker, and the next read that asks for the same takes them up. A broker whose answer is
 * overdue is waited for within the bound of a call, so that whoever reads knows whom it lacks.
 */
export class KafkaLogReader implements LogReader {
  readonly #connections: ReadingConnections;
  /** By node: which partition a fetch names first moves on each time, as the first ones fill the answer. */
  readonly #turns = new Map<number, number>();
  /** Of reads that several brokers had a part in. */
  readonly #pending = new PendingFetches();

  constructor(options: KafkaLogReaderOptions) {
    this.#connections = options.connections ?? new BrokerConnections(options);
  }

  async read(topic: string, partition: number, fromOffset: number, limits: ReadLimits): Promise<LogSlice> {
    const slices = await this.readMany(topic, new Map([[partition, fromOffset]]), limits);
    return slices.get(partition) as LogSlice;
  }

  async readMany(
    topic: string,
    positions: ReadonlyMap<number, number>,
    limits: ReadLimits,
  ): Promise<Map<number, LogSlice>> {
    const deadline = performance.now() + limits.waitMs;
    let slices = new Map<number, LogSlice>();
    for (;;) {
      const waitMs = Math.max(0, Math.ceil(deadline - performance.now()));
      const round = await this.#connections.call(topic, `answer a read of ${topic}`, waitMs, () =>
        this.#fetchAll({ topic, positions, limits }, waitMs),
      );
      slices = slices.size === 0 ? round.slices : new Map([...slices, ...round.slices]);
      const moved = [...slices].some(([partition, slice]) => slice.nextOffset !== positions.get(partition));
      const remainingMs = deadline - performance.now();
      if (moved || remainingMs <= 0) return slices;
      if (round.tookMs < IDLE_PAUSE_MS) await sleep(Math.min(remainingMs, IDLE_PAUSE_MS));
    }
  }

  ends(topic: string, kind: EndKind = "high-watermark"): Promise<Map<number, PartitionEnds>> {
    return this.#connections.call(topic, `tell the ends of ${topic}`, 0, async () => {
      const leaders = await this.#connections.leadersOf(topic);
      return endsOf(this.#connections, topic, [...leaders.keys()], kind);
    });
  }

  async appendedAt(topic: string, partition: number, offset: number): Promise<number | undefined> {
    let position = offset;
    for (;;) {
      const { records, nextOffset, highWatermark } = await this.read(
        topic,
        partition,
        position,
        LOOKUP_LIMITS,
      );
      const first = records[0];
      if (first !== undefined) return first.appendedAtMs;
      // Each turn steps over at least one emptied batch, so the end is reached.
      if (nextOffset === position || nextOffset >= highWatermark) return undefined;
      position = nextOffset;
    }
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  /**
   * One fetch per broker that leads any of the partitions, side by side. Where several may wait for records, this gives
   * what the first of them bring, and the next round takes up the others.
   */
  async #fetchAll(read: Read, remainingMs: number): Promise<Round> {
    const { topic, positions, limits } = read;
    const byLeader = await this.#connections.partitionsByLeader(topic, positions.keys());
    if (byLeader.size > 1 && limits.waitMs > 0) return this.#fetchFirst(read, byLeader, remainingMs);
    const begun = performance.now();
    const fetched = await Promise.all(
      [...byLeader].map(async ([nodeId, partitions]) => {
        const part = await this.#partOf(read, nodeId, partitions);
        return this.#fetch(part, { ...limits, waitMs: remainingMs });
      }),
    );
    const tookMs = performance.now() - begun;
    const slices = new Map<number, LogSlice>();
    const budget = new InflationBudget();
    for (const partition of fetched.flat()) {
      const from = positions.get(partition.partition) as number;
      slices.set(partition.partition, await this.#sliceOf(topic, partition, from, budget));
    }
    return { slices, tookMs };
  }

  /** Gives nothing of a broker that has not answered: its fetch stays under way. */
  async #fetchFirst(
    read: Read,
    byLeader: ReadonlyMap<number, readonly number[]>,
    remainingMs: number,
  ): Promise<Round> {
    const asked = await Promise.all(
      [...byLeader].map(async ([nodeId, partitions]) => {
        const part = await this.#partOf(read, nodeId, partitions);
        const send = (): Promise<readonly FetchedPartition[]> => this.#fetch(part, read.limits);
        return { part, fetch: this.#pending.fetch(part, read.limits.waitMs, send) };
      }),
    );
    await untilAnswered(
      asked.map(({ fetch }) => fetch),
      remainingMs,
    );
    const answers = asked.flatMap(({ part, fetch }) =>
      fetch.outcome ? [{ part, fetch, ...fetch.outcome }] : [],
    );
    try {
      return await this.#take(read.topic, answers);
    } catch (error) {
      // What the others say may be an error too, and older than the next attempt: that asks all anew.
      for (const { fetch } of asked) this.#pending.forget(fetch);
      throw error;
    }
  }

  /** What the budget leaves out stays for the next round. */
  async #take(topic: string, answers: Answer[]): Promise<Round> {
    const slices = new Map<number, LogSlice>();
    const budget = new InflationBudget();
    let tookMs = Infinity;
    // The longest waiting first, as those that the budget leaves out wait on.
    for (const { part, fetch, answer, atMs } of answers.sort((a, b) => a.atMs - b.atMs)) {
      if (answer instanceof FailedFetch) throw answer.error;
      if (budget.isSpent) continue;
      this.#pending.forget(fetch);
      tookMs = Math.min(tookMs, atMs - fetch.sentAtMs);
      for (const fetched of answer) {
        const from = part.positions.get(fetched.partition);
        // Moved, or no longer wanted, since it was asked for.
        if (from === undefined || from !== fetch.part.positions.get(fetched.partition)) continue;
        slices.set(fetched.partition, await this.#sliceOf(topic, fetched, from, budget));
      }
    }
    return { slices, tookMs };
  }

  async #partOf(
    { topic, positions }: Read,
    nodeId: number,
    partitions: readonly number[],
  ): Promise<BrokerPart> {
    const broker = await this.#connections.broker(nodeId);
    const isAll = partitions.length === positions.size;
    const wanted = isAll ? positions : new Map(partitions.map((one) => [one, positions.get(one) as number]));
    return { nodeId, broker, topic, positions: wanted };
  }

  async #fetch(
    { nodeId, broker, topic, positions }: BrokerPart,
    { bytesMax, waitMs }: ReadLimits,
  ): Promise<readonly FetchedPartition[]> {
    const turn = this.#turns.get(nodeId) ?? 0;
    this.#turns.set(nodeId, turn + 1);
    const partitions = rotated([...positions], turn).map(([partition, fetchOffset]) => ({
      partition,
      fetchOffset,
      maxBytes: bytesMax,
    }));
    const connection = await broker.connectionPool.getConnection(waitMs === 0 ? 0 : 1);
    const payload = await connection.send({
      request: this.#connections.internals.fetchRequest({
        replicaId: -1,
        maxWaitTime: waitMs,
        minBytes: 1,
        maxBytes: bytesMax,
        isolationLevel: READ_COMMITTED,
        topics: [{ topic, partitions }],
      }),
      response: rawResponse,
      requestTimeout: waitMs + this.#connections.requestTimeoutMs,
    });
    const answer = parseFetchAnswer(payload);
    const asked = partitions[0]?.partition ?? -1;
    if (answer.errorCode !== 0) throw new PartitionError(topic, asked, answer.errorCode);
    return answer.partitions;
  }

  async #sliceOf(
    topic: string,
    fetched: FetchedPartition,
    fromOffset: number,
    budget: InflationBudget,
  ): Promise<LogSlice> {
    const { partition, errorCode, highWatermark, logStartOffset } = fetched;
    if (errorCode === OFFSET_OUT_OF_RANGE) await this.#rejectOffset(topic, partition, fromOffset);
    if (errorCode !== 0) throw new PartitionError(topic, partition, errorCode);
    try {
      return { ...decodeFetched(fetched, fromOffset, budget), highWatermark, logStartOffset };
    } catch (error) {
      if (!(error instanceof UndecodableBatchError)) throw error;
      throw new UnreadableBatchError(topic, partition, error);
    }
  }

  async #rejectOffset(topic: string, partition: number, offset: number): Promise<never> {
    const ends = (await endsOf(this.#connections, topic, [partition], "high-watermark")).get(partition);
    if (ends !== undefined && (offset < ends.start || offset > ends.end)) {
      throw new OffsetOutOfRangeError({ topic, partition, offset, ...ends });
    }
    // The log grew or its leader moved between the two questions: ask again.
    throw new PartitionError(topic, partition, OFFSET_NOT_AVAILABLE);
  }
}

/** Leaves the decoding to us; kafkajs only takes the throttling time, the first field. */
const rawResponse = {
  decode: async (payload: Buffer) => ({ clientSideThrottleTime: payload.readInt32BE(0), payload }),
  parse: async ({ payload }: { payload: Buffer }) => payload,
};

/** Resolves when one of them has an outcome, or after the time; and when each that is overdue has one. */
async function untilAnswered(fetches: readonly PendingFetch[], waitMs: number): Promise<void> {
  const nowMs = performance.now();
  const overdue = fetches.filter(({ outcome, dueAtMs }) => outcome === undefined && dueAtMs < nowMs);
  if (overdue.length > 0) await Promise.all(overdue.map(({ settled }) => settled));
  else await withDeadline(waitMs, Promise.race(fetches.map(({ settled }) => settled)), () => undefined);
}

function rotated<Element>(elements: readonly Element[], turn: number): Element[] {
  const first = turn % elements.length;
  return [...elements.slice(first), ...elements.slice(0, first)];
}
