import { parseIsoTime } from "@lastknown/shared";

/**
 * When the replay of a file in its own time meant to send each row: what a row waited because others were slow is part
 * of its delay, so nothing is omitted where sender and servers slow down together.
 * @param {{ startedAt: string, startedAtSts: string }} summary of the replay
 * @returns {((sts: number) => number) & { startMs: number }} µs → ms since 1970
 */
export function plannedMoments({ startedAt, startedAtSts }) {
  const startedMs = Date.parse(startedAt);
  const { micros } = parseIsoTime(startedAtSts);
  return Object.assign((sts) => startedMs + (sts - micros) / 1000, { startMs: startedMs });
}
