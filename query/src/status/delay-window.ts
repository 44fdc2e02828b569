/** Delays over a time, by upper bounds: never too small, too great by at most a tenth. In seconds. */
export interface DelayFigures {
  readonly count: number;
  /** Null where there was none. */
  readonly p50Seconds: number | null;
  readonly p95Seconds: number | null;
  readonly p99Seconds: number | null;
  /** Exact. */
  readonly maxSeconds: number | null;
}

/** The first bucket holds all up to here. */
const FIRST_BOUND_MS = 1;
const RATIO = 1.1;
/** More than this, some three hours, counts as this; the maximum is exact all the same. */
const BUCKETS = 170;
const BOUNDS_MS = Float64Array.from({ length: BUCKETS }, (_, index) => FIRST_BOUND_MS * RATIO ** index);

interface Slot {
  /** The second to which its counts belong. */
  second: number;
  readonly counts: Uint32Array;
  count: number;
  maxMs: number;
}

/**
 * How long things took during the last seconds: one histogram per second in a ring, so it takes the same memory
 * however many are counted (about 40 KB for a minute).
 */
export class DelayWindow {
  readonly #slots: readonly Slot[];
  readonly #monotonicMs: () => number;

  /** @param seconds the longest time that can be asked for, the second under way included */
  constructor(seconds: number, monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs;
    this.#slots = Array.from({ length: seconds }, () => {
      return { second: -1, counts: new Uint32Array(BUCKETS), count: 0, maxMs: 0 };
    });
  }

  /** A negative one, as of two clocks that differ, counts as 0. */
  add(delayMs: number): void {
    const slot = this.#slotNow();
    const delay = Math.max(0, delayMs);
    const bucket = bucketOf(delay);
    slot.counts[bucket] = (slot.counts[bucket] ?? 0) + 1;
    slot.count++;
    slot.maxMs = Math.max(slot.maxMs, delay);
  }

  /** Of the last so many seconds. */
  figures(seconds: number): DelayFigures {
    const now = this.#secondNow();
    const recent = this.#slots.filter(({ second }) => second > now - seconds && second <= now);
    const count = recent.reduce((sum, slot) => sum + slot.count, 0);
    if (count === 0) return { count, p50Seconds: null, p95Seconds: null, p99Seconds: null, maxSeconds: null };
    const maxMs = Math.max(...recent.map((slot) => slot.maxMs));
    const [p50 = maxMs, p95 = maxMs, p99 = maxMs] = quantilesMs(recent, count);
    const seconds3 = (ms: number): number => Math.round(Math.min(ms, maxMs)) / 1000;
    return {
      count,
      p50Seconds: seconds3(p50),
      p95Seconds: seconds3(p95),
      p99Seconds: seconds3(p99),
      maxSeconds: seconds3(maxMs),
    };
  }

  #secondNow(): number {
    return Math.floor(this.#monotonicMs() / 1000);
  }

  #slotNow(): Slot {
    const second = this.#secondNow();
    const slot = this.#slots[second % this.#slots.length] as Slot;
    if (slot.second !== second) {
      slot.second = second;
      slot.counts.fill(0);
      slot.count = 0;
      slot.maxMs = 0;
    }
    return slot;
  }
}

const QUANTILES = [0.5, 0.95, 0.99];

/** The upper bounds of the buckets in which these quantiles lie. */
function quantilesMs(slots: readonly Slot[], count: number): number[] {
  const ranks = QUANTILES.map((quantile) => Math.max(1, Math.ceil(quantile * count)));
  const found: number[] = [];
  let below = 0;
  for (let bucket = 0; bucket < BUCKETS && found.length < ranks.length; bucket++) {
    for (const { counts } of slots) below += counts[bucket] ?? 0;
    const bound = bucket === BUCKETS - 1 ? Infinity : (BOUNDS_MS[bucket] as number);
    while (below >= (ranks[found.length] ?? Infinity)) found.push(bound);
  }
  return found;
}

function bucketOf(delayMs: number): number {
  if (delayMs <= FIRST_BOUND_MS) return 0;
  const bucket = Math.ceil(Math.log(delayMs / FIRST_BOUND_MS) / Math.log(RATIO));
  return Math.min(bucket, BUCKETS - 1);
}
