import { setTimeout as sleep } from "node:timers/promises";
import { BrokerConnections, type BrokerConnectionsOptions } from "./broker-connections.js";
import { OffsetOutOfRangeError, UndecodableBatchError, UnreadableBatchError } from "./errors.js";
import { InflationBudget } from "./gzip.js";
import { decodeFetched, parseFetchAnswer, type FetchedPartition } from "./fetch-answer.js";
import { OFFSET_OUT_OF_RANGE, PartitionError } from "./kafka-fault.js";
import type { FetchRequestOptions, InternalBroker } from "./kafkajs-internals.js";
import type { EndKind, LogReader, LogSlice, PartitionEnds, ReadLimits } from "./log-reader.js";

const READ_COMMITTED = 1;
const READ_UNCOMMITTED = 0;
const EARLIEST = -2;
const LATEST = -1;
/** With several brokers one that has records waits for the answers of those that have none: only so long. */
const SEVERAL_BROKERS_WAIT_MS_MAX = 25;
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

/**
 * Reads from the partitions' leaders over kafkajs's connections, with a decoder of its own: kafkajs's loses the
 * offsets of emptied batches and costs several times as much.
 *
 * A broker answers one fetch of a connection at a time, so a read that waits delays others of the same reader:
 * use one reader per loop. Lookups and reads with waitMs 0 have a connection of their own.
 */
export class KafkaLogReader implements LogReader {
  readonly #connections: ReadingConnections;
  /** Which partition a fetch names first moves on each time, as the first ones fill the answer. */
  #turn = 0;

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
    for (;;) {
      const roundBegun = performance.now();
      const waitMs = Math.max(0, Math.ceil(deadline - roundBegun));
      const slices = await this.#connections.call(topic, `answer a read of ${topic}`, waitMs, () =>
        this.#fetchAll(topic, positions, { ...limits, waitMs }),
      );
      const moved = [...slices].some(([partition, slice]) => slice.nextOffset !== positions.get(partition));
      const remainingMs = deadline - performance.now();
      if (moved || remainingMs <= 0) return slices;
      const tookMs = performance.now() - roundBegun;
      if (tookMs < IDLE_PAUSE_MS) await sleep(Math.min(remainingMs, IDLE_PAUSE_MS));
    }
  }

  ends(topic: string, kind: EndKind = "high-watermark"): Promise<Map<number, PartitionEnds>> {
    return this.#connections.call(topic, `tell the ends of ${topic}`, 0, async () => {
      const leaders = await this.#connections.leadersOf(topic);
      return this.#endsOf(topic, [...leaders.keys()], kind);
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

  /** One fetch per broker that leads any of the partitions, side by side. */
  async #fetchAll(
    topic: string,
    positions: ReadonlyMap<number, number>,
    limits: ReadLimits,
  ): Promise<Map<number, LogSlice>> {
    const byLeader = await this.#connections.partitionsByLeader(topic, positions.keys());
    const turn = this.#turn++;
    const waitMs = byLeader.size > 1 ? Math.min(limits.waitMs, SEVERAL_BROKERS_WAIT_MS_MAX) : limits.waitMs;
    const fetched = await Promise.all(
      [...byLeader].map(async ([nodeId, partitions]) => {
        const broker = await this.#connections.broker(nodeId);
        const wanted = rotated(partitions, turn).map((partition) => ({
          partition,
          fetchOffset: positions.get(partition) as number,
          maxBytes: limits.bytesMax,
        }));
        return this.#fetch(broker, topic, wanted, { ...limits, waitMs });
      }),
    );
    const slices = new Map<number, LogSlice>();
    const budget = new InflationBudget();
    for (const partition of fetched.flat()) {
      const from = positions.get(partition.partition) as number;
      slices.set(partition.partition, await this.#sliceOf(topic, partition, from, budget));
    }
    return slices;
  }

  async #fetch(
    broker: InternalBroker,
    topic: string,
    partitions: FetchRequestOptions["topics"][number]["partitions"],
    { bytesMax, waitMs }: ReadLimits,
  ): Promise<readonly FetchedPartition[]> {
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
    const ends = (await this.#endsOf(topic, [partition], "high-watermark")).get(partition);
    if (ends !== undefined && (offset < ends.start || offset > ends.end)) {
      throw new OffsetOutOfRangeError({ topic, partition, offset, ...ends });
    }
    // The log grew or its leader moved between the two questions: ask again.
    throw new PartitionError(topic, partition, OFFSET_NOT_AVAILABLE);
  }

  async #endsOf(
    topic: string,
    partitions: readonly number[],
    kind: EndKind,
  ): Promise<Map<number, PartitionEnds>> {
    const isolationLevel = kind === "readable" ? READ_COMMITTED : READ_UNCOMMITTED;
    const byLeader = await this.#connections.partitionsByLeader(topic, partitions);
    const ends = new Map<number, PartitionEnds>();
    await Promise.all(
      [...byLeader].map(async ([nodeId, led]) => {
        const broker = await this.#connections.broker(nodeId);
        const [starts, lasts] = await Promise.all([
          listOffsets(broker, topic, led, { timestamp: EARLIEST, isolationLevel }),
          listOffsets(broker, topic, led, { timestamp: LATEST, isolationLevel }),
        ]);
        for (const partition of led) {
          const start = starts.get(partition);
          const end = lasts.get(partition);
          if (start === undefined || end === undefined) {
            throw new PartitionError(topic, partition, OFFSET_NOT_AVAILABLE);
          }
          ends.set(partition, { start, end });
        }
      }),
    );
    return new Map([...ends].sort(([a], [b]) => a - b));
  }
}

const OFFSET_NOT_AVAILABLE = 78;

/** Leaves the decoding to us; kafkajs only takes the throttling time, the first field. */
const rawResponse = {
  decode: async (payload: Buffer) => ({ clientSideThrottleTime: payload.readInt32BE(0), payload }),
  parse: async ({ payload }: { payload: Buffer }) => payload,
};

/**
 * Asks for one end only, as a broker refuses two questions about one partition in one request. For committed records
 * the last one is the last stable offset, which an open transaction keeps below the high watermark.
 */
async function listOffsets(
  broker: InternalBroker,
  topic: string,
  partitions: readonly number[],
  { timestamp, isolationLevel }: { readonly timestamp: number; readonly isolationLevel: number },
): Promise<Map<number, number>> {
  const { responses } = await broker.listOffsets({
    isolationLevel,
    topics: [{ topic, partitions: partitions.map((partition) => ({ partition, timestamp })) }],
  });
  const listed = responses.flatMap((response) => response.partitions);
  return new Map(listed.map(({ partition, offset }) => [partition, Number(offset)]));
}

function rotated<Element>(elements: readonly Element[], turn: number): Element[] {
  const first = turn % elements.length;
  return [...elements.slice(first), ...elements.slice(0, first)];
}
