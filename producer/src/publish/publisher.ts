import type { AppendRecord, Appender } from "@lastknown/shared";
import type { Clock } from "../schedule/clock.js";
import type { DriftHistogram } from "../schedule/drift-histogram.js";

/** Records of one append: enough that its round trip costs little, few enough for one send. */
const BATCH_RECORDS_MAX = 1000;
const BATCH_BYTES_MAX = 512 * 1024;
/** What may wait for its acknowledgement. Past it the caller waits: that is the back-pressure. */
const IN_FLIGHT_APPENDS_MAX = 4;

export interface PublisherOptions {
  readonly appender: Appender;
  readonly topic: string;
  readonly clock: Clock;
  readonly drift: DriftHistogram;
  /** Called when every row up to `position` is acknowledged or needs no sending. */
  readonly onDone: (position: number, published: number) => void;
}

export interface DueRecord {
  readonly record: AppendRecord;
  /** On the clock's monotonic scale; undefined where nothing is planned. */
  readonly plannedMs: number | undefined;
  /** How many rows of the replay are done once this one is, with all before it. */
  readonly position: number;
}

interface Flight {
  readonly records: readonly DueRecord[];
  acknowledged: boolean;
  readonly landed: Promise<void>;
}

/**
 * Hands records to the log in the order in which they come, several batches under way at a time. What it
 * holds is bounded by `IN_FLIGHT_APPENDS_MAX` + 1 batches, however slow the log is.
 *
 * After a failed append every later call throws its error; rows behind the failure are never reported as done.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #batch: DueRecord[] = [];
  #batchBytes = 0;
  /** Oldest first. A flight leaves when it and all before it are acknowledged. */
  readonly #flights: Flight[] = [];
  #failure: { error: unknown } | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** True if the batch is full, so that the caller should flush before it goes on. */
  add(due: DueRecord): boolean {
    this.#batch.push(due);
    this.#batchBytes += (due.record.key?.length ?? 0) + (due.record.value?.length ?? 0);
    return this.#batch.length >= BATCH_RECORDS_MAX || this.#batchBytes >= BATCH_BYTES_MAX;
  }

  /** Sends what was added. Waits only while too much is under way already. */
  async flush(): Promise<void> {
    if (this.#batch.length === 0) return this.#throwFailure();
    while (this.#flights.length >= IN_FLIGHT_APPENDS_MAX) {
      await this.#flights[0]?.landed;
      this.#throwFailure();
    }
    this.#throwFailure();
    const records = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#launch(records);
  }

  /** Sends what was added and waits until everything is acknowledged. */
  async drain(): Promise<void> {
    await this.flush();
    await Promise.all(this.#flights.map((flight) => flight.landed));
    this.#throwFailure();
  }

  #launch(records: readonly DueRecord[]): void {
    const { appender, topic } = this.#options;
    const append = appender.append(
      topic,
      records.map((due) => due.record),
    );
    const flight: Flight = {
      records,
      acknowledged: false,
      landed: append.then(
        () => this.#land(flight),
        (error: unknown) => {
          this.#failure ??= { error };
          this.#remove(flight);
        },
      ),
    };
    this.#flights.push(flight);
  }

  #land(flight: Flight): void {
    flight.acknowledged = true;
    const now = this.#options.clock.monotonicMs();
    for (const { plannedMs } of flight.records) {
      if (plannedMs !== undefined) this.#options.drift.add(now - plannedMs);
    }
    if (this.#failure !== undefined) return this.#remove(flight);
    for (let first = this.#flights[0]; first?.acknowledged === true; first = this.#flights[0]) {
      this.#flights.shift();
      this.#options.onDone((first.records.at(-1) as DueRecord).position, first.records.length);
    }
  }

  #remove(flight: Flight): void {
    const index = this.#flights.indexOf(flight);
    if (index !== -1) this.#flights.splice(index, 1);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
