/** As many points as the service keeps itself. */
const POINTS_MAX = 900;

/** The same point as the service adds to its history. */
export function appendSnapshot(columns, { at, rates, lag, freshness }) {
  const { p50Seconds, p95Seconds, p99Seconds } = freshness.lastTenSeconds;
  const { inPerSecond, outPerSecond } = rates;
  const point = {
    at: Date.parse(at) / 1000,
    inPerSecond,
    outPerSecond,
    lagRecords: lag.records,
    lagSeconds: lag.seconds,
    p50Seconds,
    p95Seconds,
    p99Seconds,
  };
  // The history may end with the snapshot that comes next.
  if (columns.at.at(-1) >= point.at) return;
  for (const [column, values] of Object.entries(columns)) {
    values.push(point[column] ?? null);
    if (values.length > POINTS_MAX) values.shift();
  }
}
