import type { StatusSnapshot } from "./status-snapshot.js";

const NO_DELAYS = { count: 0, p50Seconds: null, p95Seconds: null, p99Seconds: null, maxSeconds: null };

/** A fleet that stands still, with whatever else a test wants. */
export function snapshotForTest(changes: Partial<StatusSnapshot> = {}): StatusSnapshot {
  return {
    fleet: "test",
    at: "2024-03-10T12:00:00.000Z",
    budget: { seconds: 2, state: "kept", reasons: [] },
    rates: { inPerSecond: 0, outPerSecond: 0, viewPerSecond: 0 },
    lag: { records: 0, seconds: 0, lookedSecondsAgo: 0.2, partitions: [] },
    members: [],
    freshness: { lastMinute: NO_DELAYS, lastTenSeconds: NO_DELAYS },
    view: {
      state: "running",
      hasCaughtUp: true,
      lagRecords: 0,
      lagSeconds: 0,
      verdicts: { applied: 0, duplicate: 0, stale: 0 },
      doubles: 0,
      unreadable: 0,
    },
    deadLetters: { kept: 0, inLastMinute: 0 },
    servers: { kafka: true, redis: true },
    ...changes,
  };
}
