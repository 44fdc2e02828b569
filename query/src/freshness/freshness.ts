import { withDeadline, type LogReader } from "@lastknown/shared";
import type { LogKnowledge } from "./log-tracker.js";

/** Seconds, or that nobody can tell. */
export type Lag = number | "unknown";

/** How far the view has got; see ViewStore and ViewFolder. */
export interface ViewProgress {
  readonly hasCaughtUp: boolean;
  position(partition: number): { readonly nextOffset: number; readonly sourceEnd: number };
}

export interface FreshnessOptions {
  readonly tracker: LogKnowledge;
  readonly reader: LogReader;
  readonly eventsTopic: string;
  readonly partitions: number;
  /** Undefined while there is no view. */
  readonly view: () => ViewProgress | undefined;
  readonly monotonicMs?: () => number;
  /** Wall clock, for append times of brokers. */
  readonly nowMs?: () => number;
}

/** An answer does not wait longer for its lag. */
const LOOKUP_DEADLINE_MS = 400;

/**
 * How long the oldest record of a partition that a store lacks has waited: 0 when it lacks none, `unknown` when
 * that cannot be known. Found from where the logs ended when they were last looked at, a second ago at most unless the
 * tracker allows more. An age of up to half a minute is too great by at most the time between two looks; an older one
 * is what our clock and the broker's make of the append time, but never less than the record was seen, nor more than it
 * was not. Neither is told too small but by what the clocks differ.
 */
export class Freshness {
  readonly #options: FreshnessOptions;
  readonly #monotonicMs: () => number;
  readonly #nowMs: () => number;
  /** Partition → the append time last looked up: a store that stands still asks for one record again and again. */
  readonly #lookedUp = new Map<number, { offset: number; appendedAtMs: number }>();

  constructor(options: FreshnessOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** @param progress the first offset of the partition that the store may lack */
  async lagOf(partition: number, progress: number | undefined): Promise<Lag> {
    const events = this.#options.tracker.positions?.events.get(partition);
    if (events === undefined) return "unknown";
    if (events.end === 0) return 0;
    if (progress === undefined) return "unknown";
    if (progress >= events.end) return 0;
    // What it lacks first is gone from the log, and with it how old it was.
    if (progress < events.start) return "unknown";
    return await this.#ageOf(partition, progress);
  }

  /** Whether the partition is known to hold nothing, and never to have held anything. */
  isEmpty(partition: number): boolean {
    return this.#options.tracker.positions?.events.get(partition)?.end === 0;
  }

  async viewLagOf(partition: number): Promise<Lag> {
    const view = this.#options.view();
    if (view === undefined || !view.hasCaughtUp) return "unknown";
    const { nextOffset, sourceEnd } = view.position(partition);
    const { marks } = this.#options.tracker.track(partition);
    return await this.lagOf(partition, Math.max(sourceEnd, marks.completeBelow(nextOffset)));
  }

  /** The worst of all partitions. */
  async worstViewLag(): Promise<Lag> {
    const partitions = Array.from({ length: this.#options.partitions }, (_, partition) => partition);
    const lags = await Promise.all(partitions.map((partition) => this.viewLagOf(partition)));
    return lags.reduce(
      (worst, lag) => (worst === "unknown" || lag === "unknown" ? "unknown" : Math.max(worst, lag)),
      0,
    );
  }

  /** Audit records that the view has not folded; undefined when that cannot be known. */
  viewLagRecords(): number | undefined {
    const view = this.#options.view();
    const ends = this.#options.tracker.positions?.auditEnds;
    if (view === undefined || ends === undefined) return undefined;
    let records = 0;
    for (const [partition, end] of ends) records += Math.max(0, end - view.position(partition).nextOffset);
    return records;
  }

  async #ageOf(partition: number, offset: number): Promise<Lag> {
    const { samples } = this.#options.tracker.track(partition);
    const absentAtMs = samples.absentAtMs(offset);
    if (absentAtMs !== undefined) return seconds(this.#monotonicMs() - absentAtMs);
    const appendedAtMs = await this.#appendedAtMs(partition, offset);
    if (appendedAtMs === undefined) return "unknown";
    // Our clock may differ from the broker's. No clock can deny for how long we have seen the record, or had not.
    const ageMs = this.#nowMs() - appendedAtMs;
    const leastMs = this.#monotonicMs() - (samples.presentSinceMs(offset) ?? Infinity);
    const mostMs = this.#monotonicMs() - (samples.longAbsentAtMs(offset) ?? -Infinity);
    if (ageMs >= leastMs) return seconds(Math.min(ageMs, mostMs));
    return seconds(Number.isFinite(mostMs) ? mostMs : leastMs);
  }

  async #appendedAtMs(partition: number, offset: number): Promise<number | undefined> {
    const known = this.#lookedUp.get(partition);
    if (known?.offset === offset) return known.appendedAtMs;
    const { reader, eventsTopic } = this.#options;
    // A log that fails now makes the lag unknown, not the answer.
    const lookup = reader.appendedAt(eventsTopic, partition, offset).catch(() => undefined);
    const appendedAtMs = await withDeadline(LOOKUP_DEADLINE_MS, lookup, () => undefined);
    if (appendedAtMs !== undefined) this.#lookedUp.set(partition, { offset, appendedAtMs });
    return appendedAtMs;
  }
}

/** To the millisecond; two clocks that differ must not make it negative. */
function seconds(ms: number): number {
  return Math.max(0, Math.round(ms) / 1000);
}
