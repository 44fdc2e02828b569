/** How a set of durations is spread, in ms. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** undefined where only buckets are known. */
  readonly max: number | undefined;
}

/** The spread of measured durations; undefined where nothing was measured. */
export function spreadOf(durationsMs: readonly number[]): Spread | undefined {
  if (durationsMs.length === 0) return undefined;
  const sorted = Float64Array.from(durationsMs).sort();
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  const sum = sorted.reduce((total, duration) => total + duration, 0);
  return {
    count: sorted.length,
    mean: sum / sorted.length,
    p50: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
    max: rank(1),
  };
}
