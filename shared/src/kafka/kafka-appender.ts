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

/** A record that is larger than its topic takes. */
interface Refusal {
  readonly record: AppendRecord;
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
    if (refusals.length === 0) return;
    const refused = refusals.map(({ record }) => record);
    throw new RecordTooLargeError(topic, refused, { cause: refusals[0]?.cause });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#lastWork.values());
    await this.#connections.close();
  }

  /** Does the work when all that was planned before it for its place has ended. */
  #inTurn<Answer>(place: string, work: () => Promise<Answer>): Promise<Answer> {
    const before = this.#lastWork.get(place);
    const done = before === undefined ? work() : before.then(work);
    const forget = (): void => {
      if (this.#lastWork.get(place) === ended) this.#lastWork.delete(place);
    };
    const ended = done.then(forget, forget);
    this.#lastWork.set(place, ended);
    return done;
  }

  /**
   * The records of one partition, batch by batch: after one failed, later ones must not stand in its place. Gives
   * those that were refused for good, which hold up no other.
   */
  async #appendAll(topic: string, records: readonly AppendRecord[]): Promise<Refusal[]> {
    const refusals: Refusal[] = [];
    for (const batch of splitIntoBatches(records)) refusals.push(...(await this.#appendBatch(topic, batch)));
    return refusals;
  }

  /** In halves, if the broker finds the whole too large. */
  async #appendBatch(topic: string, records: readonly AppendRecord[]): Promise<Refusal[]> {
    try {
      await this.#send(topic, records);
      return [];
    } catch (cause) {
      if (faultOfAttempt(cause) !== "too-large") throw cause;
      if (records.length === 1) return [{ record: records[0] as AppendRecord, cause }];
      const middle = records.length >>> 1;
      const before = await this.#appendBatch(topic, records.slice(0, middle));
      return [...before, ...(await this.#appendBatch(topic, records.slice(middle)))];
    }
  }

  async #send(topic: string, records: readonly AppendRecord[]): Promise<void> {
    const { partition } = records[0] as AppendRecord;
    // The broker replaces the time where the topic says LogAppendTime.
    const bytes = await encodeBatch(records, Date.now(), this.#compression);
    await this.#connections.call(topic, `acknowledge records for ${topic}`, 0, (attempt) =>
      this.#sender.send({ topic, partition, bytes }, attempt),
    );
  }
}
