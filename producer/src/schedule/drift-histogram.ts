/** Drift in ms. */
export interface Drift {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const SMALLEST_MS = 0.1;
/** Each bucket is so much wider than the one before: what a percentile may be off by. */
const GROWTH = 1.05;
/** Up to 0.1 ms × 1.05^500, about 1,000 hours. */
const BUCKETS = 500;

/** How late rows were against their plan, in bounded memory however many rows there are. */
export class DriftHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #max = 0;

  add(ms: number): void {
    const bucket = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log(ms / SMALLEST_MS) / Math.log(GROWTH));
    const index = Math.min(bucket, BUCKETS - 1);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#total++;
    this.#max = Math.max(this.#max, ms);
  }

  /** undefined while there is nothing to tell. */
  summary(): Drift | undefined {
    if (this.#total === 0) return undefined;
    return { p50: this.#percentile(0.5), p99: this.#percentile(0.99), max: round(this.#max) };
  }

  #percentile(share: number): number {
    let left = Math.ceil(this.#total * share);
    for (let index = 0; index < BUCKETS; index++) {
      left -= this.#counts[index] as number;
      if (left <= 0) return round(Math.min(SMALLEST_MS * GROWTH ** index, this.#max));
    }
    return round(this.#max);
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
