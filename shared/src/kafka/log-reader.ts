/** One record as it stands in the log. Buffers may be views of a whole fetch response: copy what is kept long. */
export interface LogRecord {
  readonly offset: number;
  /** When the log got it (LogAppendTime), or what its producer claimed where the topic says CreateTime; ms. */
  readonly appendedAtMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Where a header occurs twice the last one counts; a header without a value has an empty buffer. */
  readonly headers: Readonly<Record<string, Buffer>>;
}

/** What one read of one partition gave. */
export interface LogSlice {
  /** In ascending order of offset, none below the offset asked for. Holes are normal after compaction. */
  readonly records: readonly LogRecord[];
  /** Where to read on. It steps over emptied and control batches, so it may pass the last record. */
  readonly nextOffset: number;
  /** One past the last record that is on all in-sync replicas. */
  readonly highWatermark: number;
  /** The first offset that retention has left. */
  readonly logStartOffset: number;
}

export interface ReadLimits {
  /** Aim for the bytes of one answer, not a limit on one record: the first batch always comes whole. */
  readonly bytesMax: number;
  /** How long the log may wait for a first record when it has none. */
  readonly waitMs: number;
}

/** Offsets of a partition: `start` is the first that is left, `end` the high watermark unless asked otherwise. */
export interface PartitionEnds {
  readonly start: number;
  readonly end: number;
}

/**
 * What counts as a partition's end.
 *
 * - `high-watermark`: one past the last record that is on all in-sync replicas. Nothing that was acknowledged is beyond.
 * - `readable`: the last stable offset, up to which reads give records now. It is less while somebody's transaction is
 *   open, and then nothing behind that transaction's first record is given, whoever wrote it.
 */
export type EndKind = "high-watermark" | "readable";

/**
 * Reads partitions of a log without belonging to a consumer group.
 *
 * Every call is bounded in time. Errors: UnknownTopicError, OffsetOutOfRangeError (never a silent jump),
 * KafkaUnavailableError.
 */
export interface LogReader {
  read(topic: string, partition: number, fromOffset: number, limits: ReadLimits): Promise<LogSlice>;

  /**
   * Reads several partitions at once, `positions` being partition → offset. Returns as soon as any of them has
   * something, at the latest after `waitMs`. Each partition asked for has a slice, which may be empty; but where several
   * brokers lead and `waitMs` is not 0, one whose broker has not answered yet may have none.
   */
  readMany(
    topic: string,
    positions: ReadonlyMap<number, number>,
    limits: ReadLimits,
  ): Promise<Map<number, LogSlice>>;

  /** Start and end of every partition of the topic; `high-watermark` unless told otherwise. */
  ends(topic: string, kind?: EndKind): Promise<Map<number, PartitionEnds>>;

  /** Append time in ms of the record at this offset, or of the next one that exists; undefined past the end. */
  appendedAt(topic: string, partition: number, offset: number): Promise<number | undefined>;

  /** Ends reads under way with KafkaUnavailableError and leaves nothing open. */
  close(): Promise<void>;
}
