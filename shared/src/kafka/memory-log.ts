import { recordBytesOf } from "./append-batches.js";
import { bufferOf, type AppendRecord, type Appender } from "./appender.js";
import {
  KafkaUnavailableError,
  OffsetOutOfRangeError,
  RecordTooLargeError,
  UnknownTopicError,
} from "./errors.js";
import type { EndKind, LogReader, LogRecord, LogSlice, PartitionEnds, ReadLimits } from "./log-reader.js";

export interface MemoryLogOptions {
  /** Topic → number of partitions. More can follow by createTopic. */
  readonly topics?: Readonly<Record<string, number>>;
  /** Append times in ms; the wall clock unless given. */
  readonly now?: () => number;
  /** Records with more bytes than this are refused, as by a topic's max.message.bytes. */
  readonly recordBytesMax?: number;
}

interface MemoryPartition {
  /** Ascending by offset; compaction makes holes. */
  records: LogRecord[];
  start: number;
  end: number;
  /** The first offset of a transaction that is open; Infinity where there is none. */
  undecided: number;
}

const RECORD_BYTES_MAX = 1024 * 1024;

/** A log in arrays with the behaviour of a real one, for tests: also as one of several clients' shared log. */
export class MemoryLog implements LogReader, Appender {
  readonly #topics = new Map<string, MemoryPartition[]>();
  readonly #now: () => number;
  readonly #recordBytesMax: number;
  /** Reads that wait at the end; emptied by each append. */
  readonly #waiting = new Set<() => void>();
  #unavailable = false;

  constructor(options: MemoryLogOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#recordBytesMax = options.recordBytesMax ?? RECORD_BYTES_MAX;
    for (const [topic, partitions] of Object.entries(options.topics ?? {}))
      this.createTopic(topic, partitions);
  }

  createTopic(topic: string, partitions: number): void {
    this.#topics.set(
      topic,
      Array.from({ length: partitions }, () => ({ records: [], start: 0, end: 0, undecided: Infinity })),
    );
  }

  /** Keeps only the last record of each key, and removes its tombstones, as compaction does in the end. */
  compact(topic: string): void {
    for (const partition of this.#partitions(topic)) {
      const last = new Map(partition.records.map((record) => [keyText(record), record.offset]));
      partition.records = partition.records.filter(
        (record) => record.value !== null && last.get(keyText(record)) === record.offset,
      );
    }
  }

  /** Removes what stands before `start`, as retention does. */
  truncateBefore(topic: string, partition: number, start: number): void {
    const log = this.#partition(topic, partition);
    log.records = log.records.filter((record) => record.offset >= start);
    log.start = Math.max(log.start, Math.min(start, log.end));
  }

  /** As if somebody's transaction began with the next record: none is read from there on until it is ended. */
  openTransaction(topic: string, partition: number): { end(): void } {
    const log = this.#partition(topic, partition);
    log.undecided = log.end;
    const end = (): void => {
      log.undecided = Infinity;
      for (const wake of this.#waiting) wake();
    };
    return { end };
  }

  /** While true, every call fails as if no broker answered. */
  set unavailable(unavailable: boolean) {
    this.#unavailable = unavailable;
  }

  async append(topic: string, records: readonly AppendRecord[]): Promise<void> {
    this.#requireAvailable("take the records");
    for (const { partition } of records) this.#partition(topic, partition);
    const refused: AppendRecord[] = [];
    for (const record of records) {
      if (recordBytesOf(record) > this.#recordBytesMax) {
        refused.push(record);
        continue;
      }
      const { partition, key, value, headers = {} } = record;
      const log = this.#partition(topic, partition);
      log.records.push({
        offset: log.end++,
        appendedAtMs: this.#now(),
        key: key && bufferOf(key),
        value: value && bufferOf(value),
        headers: { ...headers },
      });
    }
    for (const wake of this.#waiting) wake();
    if (refused.length > 0) throw new RecordTooLargeError(topic, refused);
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
      this.#requireAvailable("answer a read");
      const slices = this.#slices(topic, positions, limits.bytesMax);
      const moved = [...slices].some(([partition, slice]) => slice.nextOffset !== positions.get(partition));
      const remainingMs = deadline - performance.now();
      if (moved || remainingMs <= 0) return slices;
      await this.#appendOrTimeout(remainingMs);
    }
  }

  async ends(topic: string, kind: EndKind = "high-watermark"): Promise<Map<number, PartitionEnds>> {
    this.#requireAvailable("tell the ends of its partitions");
    return new Map(
      this.#partitions(topic).map(({ start, end, undecided }, partition) => [
        partition,
        { start, end: kind === "readable" ? Math.min(end, undecided) : end },
      ]),
    );
  }

  async appendedAt(topic: string, partition: number, offset: number): Promise<number | undefined> {
    this.#requireAvailable("answer a read");
    const log = this.#partition(topic, partition);
    requireInRange(topic, partition, offset, log);
    return log.records[indexOfOffset(log.records, offset)]?.appendedAtMs;
  }

  /** Nothing is open; the log stays usable, as other clients may hold it too. */
  async close(): Promise<void> {
    for (const wake of this.#waiting) wake();
  }

  #slices(topic: string, positions: ReadonlyMap<number, number>, bytesMax: number): Map<number, LogSlice> {
    const slices = new Map<number, LogSlice>();
    let bytesLeft = bytesMax;
    for (const [partition, from] of positions) {
      const log = this.#partition(topic, partition);
      requireInRange(topic, partition, from, log);
      const first = indexOfOffset(log.records, from);
      const readable = indexOfOffset(log.records, log.undecided);
      let last = first;
      // A log hands out at least one record, however little was asked for.
      for (; last < readable && (bytesLeft > 0 || last === first); last++) {
        bytesLeft -= recordBytesOf(log.records[last] as LogRecord);
      }
      const records = log.records.slice(first, last);
      const end = Math.max(from, Math.min(log.end, log.undecided));
      const nextOffset = last >= readable ? end : (log.records[last] as LogRecord).offset;
      slices.set(partition, { records, nextOffset, highWatermark: log.end, logStartOffset: log.start });
    }
    return slices;
  }

  #appendOrTimeout(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiting.add(wake);
    });
  }

  #partitions(topic: string): MemoryPartition[] {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw new UnknownTopicError(topic);
    return partitions;
  }

  #partition(topic: string, partition: number): MemoryPartition {
    const log = this.#partitions(topic)[partition];
    if (log === undefined) throw new UnknownTopicError(topic, partition);
    return log;
  }

  #requireAvailable(doing: string): void {
    if (this.#unavailable) throw new KafkaUnavailableError(["memory"], doing);
  }
}

function requireInRange(topic: string, partition: number, offset: number, log: MemoryPartition): void {
  const { start, end } = log;
  if (offset < start || offset > end)
    throw new OffsetOutOfRangeError({ topic, partition, offset, start, end });
}

/** Index of the first record at or past the offset. */
function indexOfOffset(records: readonly LogRecord[], offset: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle] as LogRecord).offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keyText(record: LogRecord): string {
  return record.key === null ? `no key at ${record.offset}` : record.key.toString("hex");
}
