import type { Logger } from "@lastknown/shared";
import type { WorkerMetrics } from "../worker-metrics.js";
import type { PartitionStart } from "./starting-offsets.js";

interface Healing {
  readonly buckets: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly beganAtMs: number;
}

/**
 * The partitions of which Redis lacks what it had, until it has it again. Tells of each when it begins and when it
 * has ended; of one that an assignment's end cuts off, the next owner tells anew.
 */
export class Healings {
  readonly #metrics: WorkerMetrics;
  readonly #logger: Logger;
  /** By partition. */
  readonly #healings = new Map<number, Healing>();

  constructor(options: { metrics: WorkerMetrics; logger: Logger }) {
    this.#metrics = options.metrics;
    this.#logger = options.logger;
  }

  /** Looks whether a partition that starts lacks something. One that lacks more in mid-healing goes on to be healed. */
  begin({ partition, stored, settledTo: to, lost, rebuild }: PartitionStart): void {
    const buckets = [...new Set([...lost.map(({ bucket }) => bucket), ...rebuild])].toSorted((a, b) => a - b);
    if (buckets.length === 0) return;
    const beganAtMs = this.#healings.get(partition)?.beganAtMs ?? performance.now();
    const from = Math.min(...buckets.map((bucket) => stored.get(bucket) ?? 0));
    this.#healings.set(partition, { buckets, from, to, beganAtMs });
    this.#metrics.healings.inc();
    this.#logger.warn("healing begins", {
      partition,
      buckets,
      from,
      to,
      records: to - from,
      source: rebuild.length > 0 ? "audit" : "events",
      stored: Object.fromEntries(lost.map(({ bucket, stored: has }) => [bucket, has])),
      expected: Object.fromEntries(lost.map(({ bucket, expected }) => [bucket, expected])),
    });
  }

  /** Those of the partitions that are applied far enough again. Their healing ends when all buckets are known to be. */
  reached(done: ReadonlyMap<number, number>): Map<number, number> {
    return new Map([...done].filter(([partition, offset]) => this.#isReached(partition, offset)));
  }

  /** Every bucket of the partition has this progress. */
  applied(partition: number, progress: number): void {
    const healing = this.#healings.get(partition);
    if (healing === undefined || !this.#isReached(partition, progress)) return;
    this.#healings.delete(partition);
    const { buckets, from, to, beganAtMs } = healing;
    const ms = Math.round(performance.now() - beganAtMs);
    this.#metrics.healingSeconds.observe(ms / 1000);
    this.#metrics.healedBuckets.inc(buckets.length);
    this.#logger.info("healing ended", { partition, buckets, from, to, records: to - from, ms });
  }

  #isReached(partition: number, offset: number): boolean {
    return offset >= (this.#healings.get(partition)?.to ?? Infinity);
  }
}
