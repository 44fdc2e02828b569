import { RecordTooLargeError, type AppendRecord, type Appender, type Event } from "@lastknown/shared";
import type { Clock } from "../schedule/clock.js";
import type { DriftHistogram } from "../schedule/drift-histogram.js";

/** Records of one append: enough that each partition gets some hundred of them, as a broker works by batch, not by record. */
const BATCH_RECORDS_MAX = 8000;
const BATCH_BYTES_MAX = 2 * 1024 * 1024;
/** What may wait for its acknowledgement. Past it the caller waits: that is the back-pressure. */
const IN_FLIGHT_APPENDS_MAX = 4;

export interface PublisherOptions {
  readonly appender: Appender;
  readonly topic: string;
  readonly clock: Clock;
  readonly drift: Pick<DriftHistogram, "add">;
  /** Called for each batch, in the order of sending, when it and all before it have their outcome. */
  readonly onDone: (done: DoneBatch) => void;
}

export interface DueRecord {
  readonly record: AppendRecord;
  /** What the record says, and the row that it was made of, as it stands in the file. */
  readonly event: Event;
  readonly line: number;
  readonly raw: Buffer;
  /** On the clock's monotonic scale; undefined where nothing is planned. */
  readonly plannedMs: number | undefined;
  /** How many rows of the replay are done once this one is, with all before it. */
  readonly position: number;
}

export interface DoneBatch {
  /** Every row up to this one is acknowledged, refused, or needs no sending. */
  readonly position: number;
  readonly acknowledged: readonly DueRecord[];
  /** Larger than the topic takes: refused for good. */
  readonly refused: readonly DueRecord[];
}

interface Flight {
  readonly records: readonly DueRecord[];
  readonly launchedMs: number;
  /** Set once the log has answered. */
  done: DoneBatch | undefined;
  /** Never rejects. */
  readonly landed: Promise<void>;
}

/**
 * Hands records to the log in the order in which they come, several batches under way at a time. What it
 * holds is bounded by `IN_FLIGHT_APPENDS_MAX` + 1 batches, however slow the log is.
 *
 * A record that is too large for the topic costs itself only. After any other failure of an append every later call
 * throws its error; rows behind the failure are never reported as done.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #batch: DueRecord[] = [];
  #batchBytes = 0;
  /** Oldest first. A flight leaves when it and all before it are acknowledged. */
  readonly #flights: Flight[] = [];
  /** How long the log took for the last append that it has acknowledged, in ms; 0 before the first. */
  appendMs = 0;
  #failure: { error: unknown } | undefined;
  readonly #failed = new AbortController();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Given when an append fails: who waits for something else can look then, with `check`. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Throws what an append threw. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Records that were sent and are not acknowledged yet. */
  get inFlightRecords(): number {
    return this.#flights.reduce(
      (sum, { done, records }) => sum + (done === undefined ? records.length : 0),
      0,
    );
  }

  /** How long the oldest of them has been under way, in ms; 0 without any. */
  get oldestInFlightMs(): number {
    const [oldest] = this.#flights;
    return oldest === undefined ? 0 : this.#options.clock.monotonicMs() - oldest.launchedMs;
  }

  /** True if the batch is full, so that the caller should flush before it goes on. */
  add(due: DueRecord): boolean {
    this.#batch.push(due);
    // The row is held as long as its record, and may be the longer of the two.
    this.#batchBytes +=
      (due.record.key?.length ?? 0) + Math.max(due.record.value?.length ?? 0, due.raw.length);
    return this.#batch.length >= BATCH_RECORDS_MAX || this.#batchBytes >= BATCH_BYTES_MAX;
  }

  /** Sends what was added. Waits only while too much is under way already. */
  async flush(): Promise<void> {
    if (this.#batch.length === 0) return this.check();
    while (this.#flights.length >= IN_FLIGHT_APPENDS_MAX) {
      await this.#flights[0]?.landed;
      this.check();
    }
    this.check();
    const records = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#launch(records);
  }

  /** Sends what was added and waits until everything is acknowledged. */
  async drain(): Promise<void> {
    await this.flush();
    await Promise.all(this.#flights.map((flight) => flight.landed));
    this.check();
  }

  #launch(records: readonly DueRecord[]): void {
    const { appender, topic } = this.#options;
    const append = appender.append(
      topic,
      records.map((due) => due.record),
    );
    const flight: Flight = {
      records,
      launchedMs: this.#options.clock.monotonicMs(),
      done: undefined,
      landed: append.then(
        () => this.#land(flight, NONE),
        (error: unknown) => {
          if (error instanceof RecordTooLargeError) this.#land(flight, new Set(error.refused));
          else this.#fail(flight, error);
        },
      ),
    };
    this.#flights.push(flight);
  }

  #land(flight: Flight, refused: ReadonlySet<AppendRecord>): void {
    flight.done = doneBatch(flight.records, refused);
    const now = this.#options.clock.monotonicMs();
    this.appendMs = now - flight.launchedMs;
    for (const { plannedMs } of flight.done.acknowledged) {
      if (plannedMs !== undefined) this.#options.drift.add(now - plannedMs);
    }
    if (this.#failure !== undefined) return this.#remove(flight);
    for (let first = this.#flights[0]; first?.done !== undefined; first = this.#flights[0]) {
      this.#flights.shift();
      try {
        this.#options.onDone(first.done);
      } catch (error) {
        return this.#fail(first, error);
      }
    }
  }

  #fail(flight: Flight, error: unknown): void {
    this.#failure ??= { error };
    this.#remove(flight);
    this.#failed.abort();
  }

  #remove(flight: Flight): void {
    const index = this.#flights.indexOf(flight);
    if (index !== -1) this.#flights.splice(index, 1);
  }
}

const NONE: ReadonlySet<AppendRecord> = new Set();

function doneBatch(records: readonly DueRecord[], refused: ReadonlySet<AppendRecord>): DoneBatch {
  const { position } = records.at(-1) as DueRecord;
  if (refused.size === 0) return { position, acknowledged: records, refused: [] };
  return {
    position,
    acknowledged: records.filter(({ record }) => !refused.has(record)),
    refused: records.filter(({ record }) => refused.has(record)),
  };
}
