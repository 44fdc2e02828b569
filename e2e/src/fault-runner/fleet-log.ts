import type { Service } from "../harness/lastknown.js";
import type { Healing } from "../oracle/index.js";

/** A line that a worker logged, as far as the runner reads them. */
interface LogLine {
  readonly time: string;
  readonly message: string;
  readonly partition?: number;
  readonly buckets?: readonly number[];
  readonly offsets?: Readonly<Record<string, number>>;
  /** `topic/partition: error code` of each batch that was not taken. */
  readonly failed?: readonly string[];
}

export interface Assigned {
  readonly worker: Service;
  readonly atMs: number;
  readonly partitions: readonly number[];
}

const HEALING_BEGINS = "healing begins";
const HEALING_ENDED = "healing ended";
const ASSIGNED = "partitions assigned";
const NOT_TAKEN = "kafka did not acknowledge all that was sent";
/** NOT_LEADER_OR_FOLLOWER. */
const LED_BY_ANOTHER = /: 6$/;

/**
 * What the workers of a fleet say of their assignments, of what brokers did not take, and of the buckets that they
 * heal, each from its start to its end.
 */
export class FleetLog {
  readonly assignments: Assigned[] = [];
  readonly #healings: { partition: number; bucket: number; fromMs: number; toMs: number }[] = [];
  #sentToOldLeaders = 0;

  /** How many batches a broker refused so far that did not lead their partition any more. */
  get sentToOldLeaders(): number {
    return this.#sentToOldLeaders;
  }

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
    const { time, message, partition, buckets = [], offsets, failed = [] } = JSON.parse(text) as LogLine;
    const atMs = Date.parse(time);
    if (message === ASSIGNED && offsets !== undefined)
      this.assignments.push({ worker, atMs, partitions: Object.keys(offsets).map(Number) });
    if (message === NOT_TAKEN)
      this.#sentToOldLeaders += failed.filter((one) => LED_BY_ANOTHER.test(one)).length;
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
