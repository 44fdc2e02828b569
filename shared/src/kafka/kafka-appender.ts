import { recordsByPartition, splitIntoBatches } from "./append-batches.js";
import type { AppendRecord, Appender } from "./appender.js";
import { encodeBatch, type AppendCompression } from "./batch-encoder.js";
import { BatchSender, type ProducingConnections } from "./batch-sender.js";
import { BrokerConnections, type BrokerConnectionsOptions } from "./broker-connections.js";
import { KafkaUnavailableError, RecordTooLargeError } from "./errors.js";
import { faultOfAttempt } from "./kafka-fault.js";

export type { AppendCompression } from "./batch-encoder.js";

export interface KafkaAppenderOptions extends BrokerConnectionsOptions {
  readonly compression?: AppendCompression;
  /** Given by tests; otherwise made from the settings. */
  readonly connections?: ProducingConnections;
}

/** A partition that took not all of an append. */
interface Refusal {
  /** The record that is too large, and those behind it. */
  readonly from: readonly AppendRecord[];
  readonly cause: unknown;
}

/**
 * Appends by Produce requests of its own, with `acks: -1`, over kafkajs's connections. kafkajs's producer costs over
 * ten times as much and can report success without one partition's records (hazard K1).
 *
 * - Each partition's batch is acknowledged, retried and refused by itself.
 * - Not idempotent in Kafka's sense: records may stand twice.
 * - One batch per partition is under way at a time, so the order in a partition is the order of the calls. Different
 *   partitions go side by side, also those of one call. The caller bounds how many calls are under way.
 */
export class KafkaAppender implements Appender {
  readonly #brokers: readonly string[];
  readonly #compression: AppendCompression;
  readonly #connections: ProducingConnections;
  readonly #sender: BatchSender;
  /** The last work planned for each `topic/partition`; removed when it has ended. Never rejects. */
  readonly #lastWork = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(options: KafkaAppenderOptions) {
    this.#brokers = options.settings.brokers;
    this.#compression = options.compression ?? "none";
    this.#connections = options.connections ?? new BrokerConnections(options);
    this.#sender = new BatchSender(this.#connections, options.logger);
  }

  async append(topic: string, records: readonly AppendRecord[]): Promise<void> {
    if (this.#isClosed)
      throw new KafkaUnavailableError(this.#brokers, "take the records: the client is closed");
    const work = [...recordsByPartition(records)].map(([partition, together]) =>
      this.#inTurn(`${topic}/${partition}`, () => this.#appendAll(topic, together)),
    );
    const outcomes = await Promise.allSettled(work);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const refusals = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
    throwIfRefused(topic, refusals);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#lastWork.values());
    await this.#connections.close();
  }

  /** Does the work when all that was planned before it for its place has ended. */
  async #inTurn<Outcome>(place: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const before = this.#lastWork.get(place);
    const done = before === undefined ? work() : before.then(work);
    const ended = done.then(
      () => undefined,
      () => undefined,
    );
    this.#lastWork.set(place, ended);
    try {
      return await done;
    } finally {
      if (this.#lastWork.get(place) === ended) this.#lastWork.delete(place);
    }
  }

  /** The records of one partition, batch by batch: after one failed, later ones must not stand in its place. */
  async #appendAll(topic: string, records: readonly AppendRecord[]): Promise<Refusal[]> {
    let appended = 0;
    for (const batch of splitIntoBatches(records)) {
      const refusal = await this.#appendBatch(topic, batch);
      if (refusal !== undefined) {
        return [{ ...refusal, from: records.slice(appended + batch.length - refusal.from.length) }];
      }
      appended += batch.length;
    }
    return [];
  }

  /** In halves, if the broker finds the whole too large. */
  async #appendBatch(topic: string, records: readonly AppendRecord[]): Promise<Refusal | undefined> {
    try {
      await this.#send(topic, records);
      return undefined;
    } catch (error) {
      if (faultOfAttempt(error) !== "too-large") throw error;
      if (records.length === 1) return { from: records, cause: error };
    }
    const middle = records.length >>> 1;
    const refusal = await this.#appendBatch(topic, records.slice(0, middle));
    if (refusal !== undefined) return { ...refusal, from: records.slice(middle - refusal.from.length) };
    return this.#appendBatch(topic, records.slice(middle));
  }

  async #send(topic: string, records: readonly AppendRecord[]): Promise<void> {
    const { partition } = records[0] as AppendRecord;
    // The broker replaces the time where the topic says LogAppendTime.
    const bytes = await encodeBatch(records, Date.now(), this.#compression);
    await this.#connections.call(topic, `acknowledge records for ${topic}`, 0, (over) =>
      this.#sender.send({ topic, partition, bytes }, over),
    );
  }
}

function throwIfRefused(topic: string, refusals: readonly Refusal[]): void {
  const [first] = refusals;
  if (first === undefined) return;
  const unacknowledged = refusals.flatMap(({ from }) => from);
  throw new RecordTooLargeError(topic, unacknowledged, { cause: first.cause });
}
