import { unlessAborted, type LogRecord } from "@lastknown/shared";
import type { PartitionBatch } from "../arrivals/partition-batch.js";

/** How much of one partition a batch may hold. At least one record always comes. */
export interface BatchLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** What one fetch gave for one partition; `taken` of its records went out already. */
interface Slice {
  readonly records: readonly LogRecord[];
  readonly nextOffset: number;
  taken: number;
}

/** Objects, positions and the queue's own share of one record in memory, about. */
const RECORD_OVERHEAD_BYTES = 200;
/** The same of one header. */
const HEADER_OVERHEAD_BYTES = 100;
/** Over all partitions: more at a time only costs garbage collection, as everything of a batch lives until its end. */
const BATCH_RECORDS_IN_ALL_MAX = 2000;
/** A batch that runs apart may take long, or end the process: so often the other partitions come before the next. */
const TAKES_BEFORE_APART = 10;

/**
 * What was fetched and is not yet done, by partition, in the order of offsets. Its bytes count until `release`,
 * so that fetching pauses while a batch takes long.
 */
export class RecordQueue {
  readonly #bytesMax: number;
  readonly #slices = new Map<number, Slice[]>();
  #queuedBytes = 0;
  #takenBytes = 0;
  #takesSinceApart = 0;
  /** Called and emptied at each change. */
  #waiting: (() => void)[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#queuedBytes + this.#takenBytes;
  }

  /** Nothing more is fetched. */
  get isFull(): boolean {
    return this.bytes >= this.#bytesMax;
  }

  get isEmpty(): boolean {
    return this.#slices.size === 0;
  }

  push(partition: number, records: readonly LogRecord[], nextOffset: number): void {
    const slices = this.#slices.get(partition) ?? [];
    slices.push({ records, nextOffset, taken: 0 });
    this.#slices.set(partition, slices);
    this.#queuedBytes += bytesOf(records);
    this.#changed();
  }

  /** Whether something is queued of such a partition. */
  some(isSuch: (partition: number) => boolean): boolean {
    return [...this.#slices.keys()].some(isSuch);
  }

  /**
   * The next batch of each partition that has one, as far as they go; the others come first next time. Of partitions
   * that run apart one comes alone, in its turn.
   */
  take(limits: BatchLimits, runsApart: (partition: number) => boolean = () => false): PartitionBatch[] {
    const batches: PartitionBatch[] = [];
    let records = 0;
    const apart = this.#apartInTurn(runsApart);
    // A list of its own: what is put back at the end must not be visited again.
    for (const [partition, slices] of Array.from(this.#slices)) {
      if (records >= BATCH_RECORDS_IN_ALL_MAX) break;
      if (apart === undefined ? runsApart(partition) : partition !== apart) continue;
      const batch = this.#takeFrom(partition, slices, limits);
      records += batch.records.length;
      batches.push(batch);
      this.#slices.delete(partition);
      if (slices.length > 0) this.#slices.set(partition, slices);
    }
    return batches;
  }

  /** All that was taken is done, or given up. */
  release(): void {
    this.#takenBytes = 0;
    this.#changed();
  }

  /** Forgets what is queued of a partition. */
  drop(partition: number): void {
    for (const { records, taken } of this.#slices.get(partition) ?? []) {
      this.#queuedBytes -= bytesOf(records.slice(taken));
    }
    this.#slices.delete(partition);
    this.#changed();
  }

  /** Resolves when less than the limit is queued and under way. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.isFull) await unlessAborted(signal, this.#nextChange());
  }

  /** Resolves when there is something to take, or after the time. */
  async work(waitMs: number, signal: AbortSignal): Promise<void> {
    if (!this.isEmpty || waitMs <= 0) return;
    // The time counts as a change, so that no waiter is left behind by it.
    const timer = setTimeout(() => this.#changed(), waitMs);
    try {
      await unlessAborted(signal, this.#nextChange());
    } finally {
      clearTimeout(timer);
    }
  }

  #apartInTurn(runsApart: (partition: number) => boolean): number | undefined {
    const apart = [...this.#slices.keys()].find(runsApart);
    if (apart === undefined) return undefined;
    const doOthersWait = this.some((partition) => !runsApart(partition));
    const isTurn = !doOthersWait || this.#takesSinceApart >= TAKES_BEFORE_APART;
    this.#takesSinceApart = isTurn ? 0 : this.#takesSinceApart + 1;
    return isTurn ? apart : undefined;
  }

  #takeFrom(partition: number, slices: Slice[], limits: BatchLimits): PartitionBatch {
    const records: LogRecord[] = [];
    let bytes = 0;
    let nextOffset = 0;
    while (slices.length > 0) {
      const slice = slices[0] as Slice;
      for (; slice.taken < slice.records.length; slice.taken++) {
        const record = slice.records[slice.taken] as LogRecord;
        const recordBytes = bytesOfOne(record);
        const isFull = records.length >= limits.recordsMax || bytes + recordBytes > limits.bytesMax;
        if (records.length > 0 && isFull) {
          this.#moveToTaken(bytes);
          return { partition, records, nextOffset };
        }
        records.push(record);
        bytes += recordBytes;
        nextOffset = record.offset + 1;
      }
      // Emptied and control batches may end the slice: they are passed with its last record.
      nextOffset = slice.nextOffset;
      slices.shift();
    }
    this.#moveToTaken(bytes);
    return { partition, records, nextOffset };
  }

  #moveToTaken(bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#takenBytes += bytes;
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

function bytesOf(records: readonly LogRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += bytesOfOne(record);
  return bytes;
}

function bytesOfOne({ key, value, headers }: LogRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + HEADER_OVERHEAD_BYTES;
  return bytes;
}
