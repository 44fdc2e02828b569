/** Bytes that may be written only when, and where, they are to stand. A Buffer is such bytes. */
export interface AppendBytes {
  readonly length: number;
  /** Writes all of them into the target, from that place on. */
  copy(target: Buffer, at: number): void;
}

export interface AppendRecord<Bytes extends AppendBytes = AppendBytes> {
  readonly partition: number;
  readonly key: Bytes | null;
  readonly value: Bytes | null;
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

/** The same bytes in memory of their own, where they are not a Buffer already. */
export function bufferOf(bytes: AppendBytes): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  const buffer = Buffer.allocUnsafe(bytes.length);
  bytes.copy(buffer, 0);
  return buffer;
}
