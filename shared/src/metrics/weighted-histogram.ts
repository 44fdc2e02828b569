import type { Histogram, Metric } from "prom-client";

export interface WeightedHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds of the buckets, ascending. */
  readonly buckets: readonly number[];
}

/**
 * A histogram without labels that takes one value many times at once: prom-client's takes it once per call, and a
 * worker has a value for each record.
 */
export class WeightedHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = "histogram";
  readonly aggregator = "sum";
  readonly labelNames: readonly string[] = [];
  readonly #bounds: readonly number[];
  /** Of the values in each bucket alone; the last one is above all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor({ name, help, buckets }: WeightedHistogramOptions) {
    this.name = name;
    this.help = help;
    this.#bounds = buckets;
    this.#counts = Array.from({ length: buckets.length + 1 }, () => 0);
  }

  /** @throws TypeError where the value is no number */
  observe(value: number, times = 1): void {
    if (!Number.isFinite(value)) throw new TypeError(`${this.name} cannot observe ${value}`);
    const found = this.#bounds.findIndex((bound) => value <= bound);
    const index = found === -1 ? this.#bounds.length : found;
    this.#counts[index] = (this.#counts[index] ?? 0) + times;
    this.#sum += value * times;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
  }

  /** As prom-client's registry asks for it. */
  async get() {
    let count = 0;
    const buckets = this.#counts.map((ofBucket, index) => {
      count += ofBucket;
      const le = this.#bounds[index] ?? "+Inf";
      return { metricName: `${this.name}_bucket`, labels: { le }, value: count };
    });
    const sum = { metricName: `${this.name}_sum`, labels: {}, value: this.#sum };
    const total = { metricName: `${this.name}_count`, labels: {}, value: count };
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: [...buckets, sum, total] };
  }

  async getForPromString() {
    return await this.get();
  }

  /** prom-client takes whatever answers as its own metrics do, and its types know only those. */
  get asMetric(): Metric {
    return this as unknown as Histogram;
  }
}
