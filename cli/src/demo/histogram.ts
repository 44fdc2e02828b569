import type { Spread } from "./percentiles.js";

/** A Prometheus histogram, summed over several processes. Bounds ascend; the last is Infinity. */
export interface Histogram {
  /** Upper bound → how many were not greater, in seconds. */
  readonly cumulative: ReadonlyMap<number, number>;
  readonly sumSeconds: number;
  readonly count: number;
}

/** Reads one histogram (all its label sets together) out of the text that /metrics answers. */
export function parseHistogram(text: string, name: string): Histogram {
  const cumulative = new Map<number, number>();
  let sumSeconds = 0;
  let count = 0;
  for (const line of text.split("\n")) {
    if (!line.startsWith(name)) continue;
    const value = Number(line.slice(line.lastIndexOf(" ") + 1));
    const rest = line.slice(name.length);
    if (rest.startsWith("_bucket{")) {
      const bound = Number(/le="([^"]+)"/.exec(rest)?.[1]?.replace("+Inf", "Infinity"));
      cumulative.set(bound, (cumulative.get(bound) ?? 0) + value);
    } else if (rest.startsWith("_sum")) sumSeconds += value;
    else if (rest.startsWith("_count")) count += value;
  }
  return { cumulative, sumSeconds, count };
}

export function sumOf(histograms: readonly Histogram[]): Histogram {
  const cumulative = new Map<number, number>();
  for (const histogram of histograms) {
    for (const [bound, count] of histogram.cumulative)
      cumulative.set(bound, (cumulative.get(bound) ?? 0) + count);
  }
  const add = (pick: (histogram: Histogram) => number): number =>
    histograms.reduce((sum, histogram) => sum + pick(histogram), 0);
  return { cumulative, sumSeconds: add((one) => one.sumSeconds), count: add((one) => one.count) };
}

/** What a histogram tells of the spread: each percentile is the upper bound of its bucket, so never too small. */
export function spreadOfHistogram({ cumulative, sumSeconds, count }: Histogram): Spread | undefined {
  if (count === 0) return undefined;
  const bounds = [...cumulative].sort(([a], [b]) => a - b);
  const rankMs = (share: number): number => {
    const found = bounds.find(([, below]) => below >= share * count);
    return (found?.[0] ?? Infinity) * 1000;
  };
  const mean = (sumSeconds / count) * 1000;
  return { count, mean, p50: rankMs(0.5), p95: rankMs(0.95), p99: rankMs(0.99), max: undefined };
}
