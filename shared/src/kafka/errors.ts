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

/** No answer from Kafka within the bounds of the call. A fault of the infrastructure: worth trying again later. */
export class KafkaUnavailableError extends Error {
  override readonly name = "KafkaUnavailableError";
  readonly brokers: readonly string[];

  constructor(brokers: readonly string[], doing: string, options?: { cause?: unknown }) {
    super(
      `Kafka at ${brokers.join(",")} did not ${doing}; check that it runs and LASTKNOWN_KAFKA_BROKERS`,
      options,
    );
    this.brokers = brokers;
  }
}

/** Kafka answered, but does not let us: a wrong login, or a right that is missing. Trying again does not help. */
export class KafkaRefusedError extends Error {
  override readonly name = "KafkaRefusedError";
  readonly brokers: readonly string[];

  constructor(brokers: readonly string[], options: { cause: unknown }) {
    const reason = options.cause instanceof Error ? options.cause.message : String(options.cause);
    super(
      `Kafka at ${brokers.join(",")} refused: ${reason}; check user, password and rights (LASTKNOWN_KAFKA_SASL_…)`,
      options,
    );
    this.brokers = brokers;
  }
}

/** The topic or one of the partitions asked for does not exist. */
export class UnknownTopicError extends Error {
  override readonly name = "UnknownTopicError";
  readonly topic: string;
  readonly partition: number | undefined;

  constructor(topic: string, partition?: number, options?: { cause?: unknown }) {
    const place = partition === undefined ? topic : `${topic}/${partition}`;
    super(`topic ${place} does not exist; create it with: lastknown topics`, options);
    this.topic = topic;
    this.partition = partition;
  }
}

/** The log refuses the record for good: it is longer than the topic's max.message.bytes allows. */
export class RecordTooLargeError extends Error {
  override readonly name = "RecordTooLargeError";
  readonly topic: string;
  readonly partition: number;
  /** Key, value and headers together. */
  readonly recordBytes: number;

  constructor(
    place: { topic: string; partition: number; recordBytes: number },
    options?: { cause?: unknown },
  ) {
    super(
      `a record of ${place.recordBytes} bytes is larger than ${place.topic} takes; ` +
        `raise the topic's max.message.bytes or send less`,
      options,
    );
    this.topic = place.topic;
    this.partition = place.partition;
    this.recordBytes = place.recordBytes;
  }
}

/** Stored bytes that this reader cannot decode: an unknown codec, a broken checksum, or too much when inflated. */
export class UnreadableBatchError extends Error {
  override readonly name = "UnreadableBatchError";
  readonly baseOffset: number;

  constructor(baseOffset: number, reason: string, options?: { cause?: unknown }) {
    super(`the record batch at offset ${baseOffset} cannot be read: ${reason}`, options);
    this.baseOffset = baseOffset;
  }
}
