import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { WeightedHistogram } from "./weighted-histogram.js";

/** What every metric is made of; `labels` names each label's possible values, which bounds them. */
export interface MetricOptions<Label extends string> {
  /** `lastknown_<noun>_<unit>`, with `_total` for counters; base units (seconds, bytes). */
  readonly name: string;
  /** What it counts or measures, as a sentence. */
  readonly help: string;
  readonly labels?: Readonly<Record<Label, readonly string[]>>;
}

export interface GaugeOptions<Label extends string> extends MetricOptions<Label> {
  /** Called when the metrics are read, for what is cheaper to look up than to follow. */
  readonly collect?: (gauge: Gauge<Label>) => void | Promise<void>;
}

export interface HistogramOptions<Label extends string> extends MetricOptions<Label> {
  /** Upper bounds of the buckets, ascending. */
  readonly buckets: readonly number[];
}

/** One metric as its documentation describes it. */
export interface MetricDescription {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** From half a millisecond to a minute: for waits that should be milliseconds and may become outages. */
export const LATENCY_BUCKETS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60,
];

/**
 * Label sets of one metric: one for each of 256 partitions and 16 reasons. More is a mistake, as each is held in memory
 * for the process's life.
 */
const LABEL_SETS_MAX = 4096;

/** Kafka's are those that others know already, from exporters of its figures. */
const METRIC_NAME = /^(lastknown|kafka)_[a-z]+(_[a-z]+)+$/;

/**
 * The metrics of one worker or one query service, Node's own included. Nothing is global: two workers in one
 * process have each their own. Each label set starts at zero, so that the first increase is seen as one.
 *
 * @example
 *   const records = metrics.counter({
 *     name: "lastknown_records_total",
 *     help: "Records by what became of them.",
 *     labels: { verdict: ["applied", "stale", "duplicate"] },
 *   });
 *   records.inc({ verdict: "applied" }, 512);
 */
export class Metrics {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  counter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label> {
    const counter = new Counter({ ...this.#configuration(options), name: counterName(options.name) });
    for (const labels of labelSets(options)) counter.inc(labels, 0);
    return counter;
  }

  gauge<Label extends string = never>(options: GaugeOptions<Label>): Gauge<Label> {
    const { collect } = options;
    const gauge: Gauge<Label> = new Gauge({
      ...this.#configuration(options),
      name: otherName(options.name),
      ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
    });
    for (const labels of labelSets(options)) gauge.set(labels, 0);
    return gauge;
  }

  histogram<Label extends string = never>(options: HistogramOptions<Label>): Histogram<Label> {
    const buckets = [...options.buckets];
    const histogram = new Histogram({
      ...this.#configuration(options),
      name: otherName(options.name),
      buckets,
    });
    if (options.labels !== undefined) for (const labels of labelSets(options)) histogram.zero(labels);
    return histogram;
  }

  /** For what is observed of each record of a batch. It has no labels. */
  weightedHistogram(options: HistogramOptions<never>): WeightedHistogram {
    const histogram = new WeightedHistogram({ ...options, name: otherName(options.name) });
    this.#registry.registerMetric(histogram.asMetric);
    return histogram;
  }

  /** All metrics in Prometheus' text form. */
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in the order in which they were made; the documentation is held against it. */
  list(): MetricDescription[] {
    return this.#registry.getMetricsAsArray().map((metric) => ({
      name: metric.name,
      type: String(metric.type),
      help: metric.help,
      labels: "labelNames" in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [],
    }));
  }

  #configuration<Label extends string>(options: MetricOptions<Label>) {
    return {
      help: options.help,
      labelNames: Object.keys(options.labels ?? {}) as Label[],
      registers: [this.#registry],
    };
  }
}

export function createMetrics(): Metrics {
  return new Metrics();
}

function counterName(name: string): string {
  if (METRIC_NAME.test(name) && name.endsWith("_total")) return name;
  throw new RangeError(`a counter's name must be lastknown_<noun>_<unit>_total: ${name}`);
}

function otherName(name: string): string {
  if (METRIC_NAME.test(name) && !name.endsWith("_total")) return name;
  throw new RangeError(
    `the name must be lastknown_<noun>_<unit>, and only counters end with _total: ${name}`,
  );
}

/** Every combination of the labels' values; one empty set where there are no labels. */
function labelSets<Label extends string>(options: MetricOptions<Label>): Record<Label, string>[] {
  let sets: Partial<Record<Label, string>>[] = [{}];
  for (const [label, values] of Object.entries<readonly string[]>(options.labels ?? {})) {
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value })));
    if (sets.length > LABEL_SETS_MAX)
      throw new RangeError(`${options.name} has more than ${LABEL_SETS_MAX} label sets`);
  }
  return sets as Record<Label, string>[];
}
