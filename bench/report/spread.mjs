/**
 * Percentiles by nearest rank.
 * @param {ArrayLike<number>} values
 * @returns {{ count: number, p50: number, p95: number, p99: number, max: number }}
 */
export function spreadOf(values) {
  const sorted = Float64Array.from(values).sort();
  const at = (share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** The values at 1, 2, … 99, 99.9 and 100 percent, for a plot. */
export function percentileCurve(values) {
  const sorted = Float64Array.from(values).sort();
  const shares = [...Array.from({ length: 99 }, (_, index) => (index + 1) / 100), 0.999, 1];
  return shares.map((share) => [share, sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]]);
}

/** Over the runs of one phase. */
export function minMedianMax(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted.at(-1) };
}
