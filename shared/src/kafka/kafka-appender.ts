import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Kafka, type Message, type Producer, type RecordMetadata } from "kafkajs";
import type { Logger } from "../logging/index.js";
import type { KafkaSettings } from "../settings/kafka-settings.js";
import { recordBytesOf, splitIntoSends } from "./append-sends.js";
import type { AppendRecord, Appender } from "./appender.js";
import { delayBeforeAttempt, retryBounded } from "./bounded-retry.js";
import { createKafka } from "./create-kafka.js";
import { KafkaUnavailableError, RecordTooLargeError, UnknownTopicError } from "./errors.js";
import { faultOf } from "./kafka-fault.js";

export type AppendCompression = "none" | "gzip";

/** What of a kafkajs producer is used; a test gives one that loses records. */
export type SendingProducer = Pick<Producer, "connect" | "disconnect" | "send">;

export interface KafkaAppenderOptions {
  readonly settings: KafkaSettings;
  readonly logger: Logger;
  readonly compression?: AppendCompression;
  /** Given by tests; otherwise made from the settings. */
  readonly producer?: SendingProducer;
}

/** Sends of the same records whose answers lacked a partition, before it is given up. */
const INCOMPLETE_SENDS_MAX = 4;
/** After this no new attempt of a send begins. */
const SEND_DEADLINE_MS = 30_000;
/** kafkajs finds brokers and leaders anew inside an attempt, for about ten seconds. */
const RECONNECT_MS = 15_000;
const ALL_IN_SYNC = -1;
const COMPRESSION = {
  none: kafkajs.CompressionTypes.None,
  gzip: kafkajs.CompressionTypes.GZIP,
} as const;

/**
 * Appends by a kafkajs producer, with `acks: -1`.
 *
 * - What comes back is compared with what was sent, and what is missing is sent again: when a leader moves between
 *   two attempts, kafkajs can report success without one partition's records (hazard K1).
 * - Not idempotent in Kafka's sense, as that loses records in kafkajs (K2): records may stand twice.
 * - One send per partition is under way at a time, so the order in a partition is the order of the calls. Calls
 *   about different partitions go side by side. The caller bounds how many calls are under way.
 */
export class KafkaAppender implements Appender {
  readonly #settings: KafkaSettings;
  readonly #logger: Logger;
  readonly #compression: AppendCompression;
  readonly #producer: SendingProducer;
  /** The last send planned for each `topic/partition`; removed when it has ended. */
  readonly #lastSend = new Map<string, Promise<void>>();
  /** Undefined until the first append, and after a connect that failed. */
  #connected: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: KafkaAppenderOptions) {
    this.#settings = options.settings;
    this.#logger = options.logger;
    this.#compression = options.compression ?? "none";
    this.#producer =
      options.producer ?? producerOf(createKafka(options.settings, { logger: options.logger }));
  }

  async append(topic: string, records: readonly AppendRecord[]): Promise<void> {
    if (this.#isClosed)
      throw new KafkaUnavailableError(this.#settings.brokers, "take the records: the client is closed");
    // After one send of this call failed, the later ones must not stand in its place.
    const call = { failed: false };
    const sends = splitIntoSends(records).map((send) => this.#planSend(topic, send, call));
    const outcomes = await Promise.allSettled(sends);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#lastSend.values());
    if (this.#connected !== undefined) await this.#producer.disconnect();
  }

  /** Begins when the sends before it in each of its partitions have ended. */
  async #planSend(topic: string, records: readonly AppendRecord[], call: { failed: boolean }): Promise<void> {
    const places = [...new Set(records.map(({ partition }) => `${topic}/${partition}`))];
    const before = places.map((place) => this.#lastSend.get(place) ?? Promise.resolve());
    const send = this.#sendAfter(before, topic, records, call);
    const ended = send.catch(() => undefined);
    for (const place of places) this.#lastSend.set(place, ended);
    try {
      await send;
    } finally {
      for (const place of places) {
        if (this.#lastSend.get(place) === ended) this.#lastSend.delete(place);
      }
    }
  }

  async #sendAfter(
    before: readonly Promise<void>[],
    topic: string,
    records: readonly AppendRecord[],
    call: { failed: boolean },
  ): Promise<void> {
    await Promise.all(before);
    if (call.failed) return;
    try {
      await this.#sendAll(topic, records);
    } catch (error) {
      call.failed = true;
      throw error;
    }
  }

  /** Sends until each partition is acknowledged, a bounded number of times. */
  async #sendAll(topic: string, records: readonly AppendRecord[]): Promise<void> {
    let missing = records;
    for (let attempt = 1; attempt <= INCOMPLETE_SENDS_MAX; attempt++) {
      if (attempt > 1) await sleep(delayBeforeAttempt(attempt));
      const acknowledged = await this.#send(topic, missing);
      if (acknowledged === "halved") return;
      missing = missing.filter(({ partition }) => !acknowledged.has(partition));
      if (missing.length === 0) return;
      this.#logger.warn("kafka did not acknowledge all that was sent", {
        topic,
        records: missing.length,
        partitions: [...new Set(missing.map(({ partition }) => partition))],
        attempt,
      });
    }
    // A leader that moves is found in a second attempt. kafkajs drops records for partitions that do not exist.
    throw new UnknownTopicError(topic, (missing[0] as AppendRecord).partition);
  }

  /** The partitions that were acknowledged, or "halved" if the records had to go in several sends, and did. */
  async #send(topic: string, records: readonly AppendRecord[]): Promise<Set<number> | "halved"> {
    try {
      return await this.#sendWithRetries(topic, records);
    } catch (error) {
      if (faultOf(error) !== "too-large") throw error;
      if (records.length === 1) {
        const [{ partition }, recordBytes] = [
          records[0] as AppendRecord,
          recordBytesOf(records[0] as AppendRecord),
        ];
        throw new RecordTooLargeError({ topic, partition, recordBytes }, { cause: error });
      }
      const middle = records.length >>> 1;
      await this.#sendAll(topic, records.slice(0, middle));
      await this.#sendAll(topic, records.slice(middle));
      return "halved";
    }
  }

  /** All retries are here, none in kafkajs's producer: each attempt starts with an empty slate of answers. */
  #sendWithRetries(topic: string, records: readonly AppendRecord[]): Promise<Set<number>> {
    const { brokers, requestTimeoutMs } = this.#settings;
    const messages = records.map(messageOf);
    return retryBounded({
      topic,
      doing: `acknowledge records for ${topic}`,
      brokers,
      limits: { attemptTimeoutMs: requestTimeoutMs + RECONNECT_MS, deadlineMs: SEND_DEADLINE_MS },
      attempt: async () => {
        await this.#connect();
        const answer = await this.#producer.send({
          topic,
          acks: ALL_IN_SYNC,
          compression: COMPRESSION[this.#compression],
          timeout: requestTimeoutMs,
          messages,
        });
        return acknowledgedPartitions(topic, answer);
      },
      recover: (fault, error) => {
        this.#logger.warn("kafka append tried again", { topic, records: records.length, fault, error });
      },
    });
  }

  async #connect(): Promise<void> {
    this.#connected ??= this.#producer.connect();
    try {
      await this.#connected;
    } catch (error) {
      this.#connected = undefined;
      throw error;
    }
  }
}

function producerOf(kafka: Kafka): Producer {
  return kafka.producer({
    idempotent: false,
    retry: { retries: 0 },
    allowAutoTopicCreation: false,
    // Each record names its partition; only without a partitioner kafkajs warns.
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition as number,
  });
}

/** The timestamp is what the broker uses where the topic says CreateTime, and replaces where LogAppendTime. */
function messageOf({ partition, key, value, headers }: AppendRecord): Message {
  return { partition, key, value, ...(headers === undefined ? {} : { headers: { ...headers } }) };
}

function acknowledgedPartitions(topic: string, answer: readonly RecordMetadata[]): Set<number> {
  const acknowledged = new Set<number>();
  for (const { topicName, partition, errorCode } of answer) {
    if (topicName === topic && errorCode === 0) acknowledged.add(partition);
  }
  return acknowledged;
}
