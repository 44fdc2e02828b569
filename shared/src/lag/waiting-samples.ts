import { withDeadline } from "../deadline/index.js";
import type { LogReader } from "../kafka/log-reader.js";
import type { WaitingSample } from "./lag-facts.js";
import type { LagWatch } from "./lag-watch.js";
import { lookAtWaiting, summaryOf, type LookedAt, type WaitingPlace } from "./sample-waiting.js";

export interface WaitingSamplesOptions {
  readonly reader: Pick<LogReader, "read">;
  readonly topic: string;
  /** So many partitions are looked into at a time, at most. */
  readonly readsMax: number;
  /** Only the partitions with most waiting records are looked into; all of them by default. */
  readonly partitionsMax?: number;
  /** In ms: so long a read is waited for, and none begins later after the first. By default 2 s. */
  readonly deadlineMs?: number;
}

/** Fewer records are there for a moment, and a look at them would tell nothing. */
const SAMPLED_LAG_MIN = 100;
/** So long a look into a partition counts, one that failed too, unless little waits there meanwhile, or nothing of it. */
const SAMPLE_AGE_MS_MAX = 15_000;
const DEADLINE_MS = 2000;

interface KeptSample {
  readonly atMs: number;
  /** Undefined where it could not be read. */
  readonly looked: LookedAt | undefined;
  /** Of what of it still waits. */
  readonly sample: WaitingSample | undefined;
}

/**
 * What was found in the partitions in which many records wait: each is looked into, and again once that is old, those
 * in which most waits first. However many wait, and whether their leaders answer or hang, a look costs a bounded number
 * of bounded reads, and takes less than twice the deadline.
 */
export class WaitingSamples {
  readonly #options: WaitingSamplesOptions;
  readonly #kept = new Map<number, KeptSample>();

  constructor(options: WaitingSamplesOptions) {
    this.#options = options;
  }

  /** Undefined where little waits, where it was not looked into yet, or could not be. */
  of(partition: number): WaitingSample | undefined {
    return this.#kept.get(partition)?.sample;
  }

  /**
   * Looks into partitions as the watch has seen them last. Never rejects: less is known then, and the lag is the same.
   *
   * @param atMs now, by a clock that never goes back
   */
  async refresh(watch: LagWatch, atMs: number): Promise<void> {
    const { readsMax, partitionsMax = Infinity, deadlineMs = DEADLINE_MS } = this.#options;
    const waiting = watch.partitions.filter((partition) => watch.lagOf(partition) >= SAMPLED_LAG_MIN);
    for (const [partition, kept] of this.#kept) {
      const position = watch.positionOf(partition);
      const isOver = atMs - kept.atMs > SAMPLE_AGE_MS_MAX || (kept.looked?.end ?? Infinity) <= position;
      if (isOver || !waiting.includes(partition)) this.#kept.delete(partition);
      else this.#keep(partition, position, kept);
    }
    const wanted = waiting
      .toSorted((a, b) => watch.lagOf(b) - watch.lagOf(a))
      .slice(0, partitionsMax)
      .filter((partition) => !this.#kept.has(partition))
      .slice(0, readsMax);
    const begunMs = performance.now();
    for (const partition of wanted) {
      if (performance.now() - begunMs >= deadlineMs) return;
      const offset = watch.positionOf(partition);
      const looked = await this.#look({ partition, offset, end: offset + watch.lagOf(partition) });
      this.#keep(partition, offset, { atMs, looked });
    }
  }

  #keep(partition: number, position: number, { atMs, looked }: Pick<KeptSample, "atMs" | "looked">): void {
    const sample = looked === undefined ? undefined : summaryOf(looked, position);
    this.#kept.set(partition, { atMs, looked, sample });
  }

  async #look(place: Omit<WaitingPlace, "topic">): Promise<LookedAt | undefined> {
    const { reader, topic, deadlineMs = DEADLINE_MS } = this.#options;
    // Retention may just have removed it, or its leader is away.
    const looked = lookAtWaiting(reader, { topic, ...place }).catch(() => undefined);
    return await withDeadline(deadlineMs, looked, () => undefined);
  }
}
