import { isLegalTime, partitionOf, type Event, type EventEncoder, type Micros } from "@lastknown/shared";
import type { ReplayPosition } from "../checkpoint/checkpoint.js";
import type { Problem, Rejection } from "../csv/rejection.js";
import type { Publisher } from "../publish/publisher.js";
import type { ArrivalStatistics } from "../report/arrival-statistics.js";
import type { EventReader, TimedRow } from "../rows/event-reader.js";
import { isProblem } from "../rows/row-reader.js";
import type { Clock } from "../schedule/clock.js";
import type { Schedule } from "../schedule/schedule.js";

/** A topic takes records of 1 MiB unless told otherwise; this leaves room for the key and the batch. */
export const EVENT_BYTES_MAX = 1_000_000;
/**
 * Rows that fall due within so long go out together: fewer, larger sends. It is the drift's usual size. Where the log
 * takes longer for what it gets, as long as that: it has enough to do.
 */
const TICK_MS = 4;
const TICK_MS_MAX = 20;

/** A row in its place in the replay. */
export interface PlacedRow extends TimedRow {
  readonly line: number;
  /** Stays as it is, also when the row was sent. */
  readonly raw: Buffer;
  /** How many rows of the replay are done once this one is. */
  readonly position: number;
}

export interface RowSenderOptions {
  /** undefined: a dry run. */
  readonly publisher: Publisher | undefined;
  readonly partitions: number;
  readonly schedule: Schedule;
  readonly clock: Clock;
  /** Counts rows that need no sending; what is sent counts once it is acknowledged. */
  readonly statistics: ArrivalStatistics;
  readonly reject: (rejection: Rejection) => void;
  readonly live: boolean;
  readonly limit: number;
  /** What an earlier run has done: it published the rows up to there, but for the lines that were refused. */
  readonly done: ReplayPosition;
  /** Told of a row that is too large to be sent. */
  readonly onRefused: (line: number) => void;
  readonly signal: AbortSignal | undefined;
  /** Called at the first row that is to be sent: the moment from which all others are planned. */
  readonly onStart: (startMs: number, sts: Micros) => void;
}

/** Makes each row an event and hands it to the publisher when it is due. */
export class RowSender {
  /** Given when waiting is in vain: somebody wants to stop, or an append has failed. */
  readonly wake: AbortSignal;
  readonly #options: RowSenderOptions;
  #reader: EventReader | undefined;
  #encoder: EventEncoder | undefined;
  #startMs: number | undefined;
  #taken = 0;
  readonly #refusedBefore: ReadonlySet<number>;
  /** Rows that an earlier run published. */
  resumed = 0;

  constructor(options: RowSenderOptions) {
    this.#options = options;
    const { signal, publisher, done } = options;
    this.#refusedBefore = new Set(done.refusedLines);
    this.wake = AbortSignal.any([signal, publisher?.failed].filter((one) => one !== undefined));
  }

  /** How rows are read and written from now on. Without an encoder they are only counted. */
  use(reader: EventReader, encoder: EventEncoder | undefined): void {
    this.#reader = reader;
    this.#encoder = encoder;
  }

  /** No row is to follow: the limit is reached, or somebody wants to stop. */
  get finished(): boolean {
    return this.#taken >= this.#options.limit || this.#options.signal?.aborted === true;
  }

  /** Returns a promise only if the caller has to wait: rows are many, and most need none. */
  send(row: PlacedRow): Promise<void> | undefined {
    const event = (this.#reader as EventReader).read(row);
    if (isProblem(event)) return this.#reject(row, event);
    if (row.position <= this.#options.done.rowsDone) {
      this.#taken++;
      this.resumed++;
      return this.#passDone(event, row);
    }
    this.#startMs ??= this.#start(event.sts);
    const planned = this.#options.schedule.plan(event.sts);
    if (planned === undefined) return this.#publish(event, row, undefined);
    const plannedMs = this.#startMs + planned;
    if (this.#options.publisher === undefined || plannedMs <= this.#options.clock.monotonicMs()) {
      return this.#publish(event, row, plannedMs);
    }
    return this.#publishLater(event, row, plannedMs);
  }

  /** Takes a row of whole turns that an earlier run sent: for the figures, and for the limit once per turn. */
  count(row: PlacedRow, turns: number): undefined {
    const event = (this.#reader as EventReader).read(row);
    if (isProblem(event)) return this.#reject(row, event);
    this.#taken += turns;
    return this.#passDone(event, row);
  }

  #passDone(event: Event, row: PlacedRow): undefined {
    if (this.#refusedBefore.has(row.line)) {
      return this.#reject(row, { reason: "too-large", detail: "the event was refused in an earlier run" });
    }
    this.#options.statistics.add(event);
  }

  #start(sts: Micros): number {
    const startMs = this.#options.clock.monotonicMs();
    this.#options.onStart(startMs, sts);
    return startMs;
  }

  async #publishLater(event: Event, row: PlacedRow, plannedMs: number): Promise<void> {
    const { publisher, clock } = this.#options;
    await publisher?.flush();
    for (let wait = plannedMs - clock.monotonicMs(); wait > 0; wait = plannedMs - clock.monotonicMs()) {
      const tickMs = Math.min(Math.max(publisher?.appendMs ?? 0, TICK_MS), TICK_MS_MAX);
      await clock.sleep(Math.min(Math.max(wait, tickMs), LONGEST_SLEEP_MS), this.wake);
      publisher?.check();
      if (this.finished) return;
    }
    await this.#publish(event, row, plannedMs);
  }

  #publish(event: Event, row: PlacedRow, plannedMs: number | undefined): Promise<void> | undefined {
    const { publisher, partitions, live, clock } = this.#options;
    if (publisher === undefined || this.#encoder === undefined) {
      this.#taken++;
      this.#options.statistics.add(event);
      return undefined;
    }
    const sent = live ? { ...event, sts: nowMicros(clock) } : event;
    const value = this.#encoder.encode(sent);
    if (value.length > EVENT_BYTES_MAX) {
      const detail = `the event has ${value.length} bytes, and at most ${EVENT_BYTES_MAX} can be sent`;
      this.#options.onRefused(row.line);
      return this.#reject(row, { reason: "too-large", detail });
    }
    this.#taken++;
    const key = Buffer.from(event.user);
    const record = { partition: partitionOf(key, partitions), key, value };
    const { line, raw, position } = row;
    const isFull = publisher.add({ record, event: sent, line, raw, plannedMs, position });
    return isFull ? publisher.flush() : undefined;
  }

  #reject(row: PlacedRow, problem: Problem): undefined {
    this.#options.reject({ line: row.line, raw: Buffer.from(row.raw), ...problem });
  }
}

/** Timers cannot wait longer than 24 days. */
const LONGEST_SLEEP_MS = 24 * 3600 * 1000;

function nowMicros(clock: Clock): Micros {
  const micros = Math.floor(clock.wallMs() * 1000);
  if (!isLegalTime(micros)) throw new RangeError(`the system clock is wrong: ${micros} µs since 1970`);
  return micros;
}
