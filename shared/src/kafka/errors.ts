import { FatalError } from "../errors/index.js";
import { recordBytesOf } from "./append-batches.js";
import type { AppendRecord } from "./appender.js";
import { faultOf, isRightMissing, unwrap } from "./kafka-fault.js";
import { endedBeforeTls, unfitSettingOf } from "./unfit-connection.js";

/** The offset asked for is not in the log: retention removed it, or the topic was made anew. */
export class OffsetOutOfRangeError extends Error {
  override readonly name = "OffsetOutOfRangeError";
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The first offset that is left. */
  readonly start: number;
  /** The high watermark. */
  readonly end: number;

  constructor(place: { topic: string; partition: number; offset: number; start: number; end: number }) {
    super(
      `offset ${place.offset} of ${place.topic}/${place.partition} is not in the log, ` +
        `which holds ${place.start} to ${place.end}`,
    );
    this.topic = place.topic;
    this.partition = place.partition;
    this.offset = place.offset;
    this.start = place.start;
    this.end = place.end;
  }
}

function checksFor(cause: unknown): string {
  return endedBeforeTls(unwrap(cause))
    ? "it ends connections before TLS is set up: if it takes none, set LASTKNOWN_KAFKA_TLS=off"
    : "check that it runs and LASTKNOWN_KAFKA_BROKERS";
}

/** No answer from Kafka within the bounds of the call. A fault of the infrastructure: worth trying again later. */
export class KafkaUnavailableError extends Error {
  override readonly name = "KafkaUnavailableError";
  readonly brokers: readonly string[];

  constructor(brokers: readonly string[], doing: string, options?: { cause?: unknown }) {
    super(`Kafka at ${brokers.join(",")} did not ${doing}; ${checksFor(options?.cause)}`, options);
    this.brokers = brokers;
  }
}

/**
 * Kafka is there, but we and it do not agree: a wrong login, a right that is missing, a certificate that we do not
 * trust, or TLS on one side only. Trying again does not help.
 */
export class KafkaRefusedError extends Error {
  override readonly name = "KafkaRefusedError";
  readonly brokers: readonly string[];

  /** @param doing what was asked for, to end a sentence that begins with "Kafka did not" */
  constructor(brokers: readonly string[], doing: string, options: { cause: unknown }) {
    super(`Kafka at ${brokers.join(",")} ${refusalOf(options.cause, doing)}`, options);
    this.brokers = brokers;
  }
}

/** What is wrong, and the setting to look at. */
function refusalOf(error: unknown, doing: string): string {
  const cause = unwrap(error);
  const reason = cause?.message ?? String(error);
  if (isRightMissing(error)) {
    const fix =
      "give the user of LASTKNOWN_KAFKA_SASL_USERNAME that right; docs/security.md lists what each needs";
    return `did not ${doing}, as we have not the right (${reason}); ${fix}`;
  }
  switch (unfitSettingOf(cause)) {
    case "kafka-tls":
      return "takes no connection without TLS; set LASTKNOWN_KAFKA_TLS=on";
    case "kafka-tls-ca":
      return `has a certificate that we do not trust (${reason}); check LASTKNOWN_KAFKA_TLS_CA and that certificate`;
    case undefined:
      return `refused the login (${reason}); check LASTKNOWN_KAFKA_SASL_USERNAME, LASTKNOWN_KAFKA_SASL_PASSWORD and LASTKNOWN_KAFKA_SASL_MECHANISM`;
  }
}

/** What an error of a kafkajs client means to us, where the client's own retries have ended; else the error itself. */
export function translateKafkaError<Failure>(
  error: Failure,
  brokers: readonly string[],
  doing: string,
): Failure | KafkaRefusedError | KafkaUnavailableError {
  const fault = faultOf(error);
  if (fault === "refused") return new KafkaRefusedError(brokers, doing, { cause: error });
  if (fault === "unreachable") return new KafkaUnavailableError(brokers, doing, { cause: error });
  return error;
}

/** The topic or one of the partitions asked for does not exist. */
export class UnknownTopicError extends Error {
  override readonly name = "UnknownTopicError";
  readonly topic: string;
  readonly partition: number | undefined;

  constructor(topic: string, partition?: number, options?: { cause?: unknown }) {
    const place = partition === undefined ? topic : `${topic}/${partition}`;
    super(`topic ${place} does not exist; lastknown topics creates it, or says what to do instead`, options);
    this.topic = topic;
    this.partition = partition;
  }
}

/** The log refuses records for good: each is longer than the topic's max.message.bytes allows. */
export class RecordTooLargeError extends Error {
  override readonly name = "RecordTooLargeError";
  readonly topic: string;
  /** All that were refused, at least one: the very objects that were to be appended. */
  readonly refused: readonly AppendRecord[];
  /** Of the first one. */
  readonly partition: number;
  /** Of the first one: key, value and headers together. */
  readonly recordBytes: number;

  constructor(topic: string, refused: readonly AppendRecord[], options?: { cause?: unknown }) {
    const first = refused[0] as AppendRecord;
    const recordBytes = recordBytesOf(first);
    super(
      `a record of ${recordBytes} bytes is larger than ${topic} takes; ` +
        `raise the topic's max.message.bytes or send less`,
      options,
    );
    this.topic = topic;
    this.refused = refused;
    this.partition = first.partition;
    this.recordBytes = recordBytes;
  }
}

/** Stored bytes that cannot be decoded: an unknown codec, a broken checksum, or too much when inflated. */
export class UndecodableBatchError extends Error {
  override readonly name = "UndecodableBatchError";
  readonly baseOffset: number;

  constructor(baseOffset: number, reason: string, options?: { cause?: unknown }) {
    super(`the record batch at offset ${baseOffset} cannot be read: ${reason}`, options);
    this.baseOffset = baseOffset;
  }
}

/** A batch that cannot be decoded, and where it stands. It is never stepped over: its records would be lost silently. */
export class UnreadableBatchError extends FatalError {
  override readonly name = "UnreadableBatchError";
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;

  constructor(topic: string, partition: number, cause: UndecodableBatchError) {
    super(`${topic}/${partition}: ${cause.message}`, {
      fix: `let its producer compress with gzip or not at all, or the broker convert it (compression.type=uncompressed on ${topic}); what stands there already goes with kafka-delete-records, and --accept-loss on passes the gap`,
      cause,
    });
    this.topic = topic;
    this.partition = partition;
    this.baseOffset = cause.baseOffset;
  }
}
