export interface AppendRecord {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer>>;
}

/**
 * Appends records to a log.
 *
 * `append` resolves only when every record is on all in-sync replicas. Order within a partition is kept, also
 * between calls: what was asked first stands first. After a fault records may stand twice, never not at all;
 * after an error any part of them may stand, but for RecordTooLargeError.
 *
 * Errors: UnknownTopicError, KafkaUnavailableError; RecordTooLargeError, which names what is refused for good: all
 * other records of the call stand.
 */
export interface Appender {
  append(topic: string, records: readonly AppendRecord[]): Promise<void>;

  /** Waits for appends under way and leaves nothing open. */
  close(): Promise<void>;
}
