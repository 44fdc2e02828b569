import type { Service } from "../harness/lastknown.js";
import type { Healing } from "../oracle/index.js";

/** A line that a worker logged, as far as the runner reads them. */
interface LogLine {
  readonly time: string;
  readonly message: string;
  readonly partition?: number;
  readonly buckets?: readonly number[];
  readonly offsets?: Readonly<Record<string, number>>;
}

export interface Assigned {
  readonly worker: Service;
  readonly atMs: number;
  readonly partitions: readonly number[];
}

const HEALING_BEGINS = "healing begins";
const HEALING_ENDED = "healing ended";
const ASSIGNED = "partitions assigned";

/** What the workers of a fleet say of their assignments, and of the buckets that they heal, each from its start to its end. */
export class FleetLog {
  readonly assignments: Assigned[] = [];
  readonly #healings: { partition: number; bucket: number; fromMs: number; toMs: number }[] = [];

  /** Has to be called before the worker logs anything that counts. */
  follow(worker: Service): void {
    for (const line of worker.process.stderr.lines) this.#take(worker, line);
    worker.process.stderr.onLine((line) => this.#take(worker, line));
  }

  get healings(): readonly Healing[] {
    return this.#healings;
  }

  #take(worker: Service, text: string): void {
    if (!text.startsWith("{")) return;
    const { time, message, partition, buckets = [], offsets } = JSON.parse(text) as LogLine;
    const atMs = Date.parse(time);
    if (message === ASSIGNED && offsets !== undefined)
      this.assignments.push({ worker, atMs, partitions: Object.keys(offsets).map(Number) });
    if (partition === undefined) return;
    if (message === HEALING_BEGINS)
      for (const bucket of buckets) this.#healings.push({ partition, bucket, fromMs: atMs, toMs: Infinity });
    if (message === HEALING_ENDED) this.#endAll(partition, atMs);
  }

  /** It is told when every bucket of the partition has what it had, also of those that were told to begin before. */
  #endAll(partition: number, atMs: number): void {
    for (const healing of this.#healings)
      if (healing.partition === partition && healing.toMs === Infinity) healing.toMs = atMs;
  }
}
