import type { SeenProgress } from "../oracle/index.js";

/** A part of a run, in ms since 1970. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The longest time within a span in which some partition had nothing new in Redis, in ms. What was there before and
 * was lost is not new when it comes back. What was seen has to be given in the order in which it was seen.
 */
export function longestStandstill(
  progress: readonly SeenProgress[],
  partitions: number,
  { fromMs, toMs }: Span,
): number {
  const furthest = new Map<number, number>();
  const movedAtMs = new Map<number, number>();
  let longestMs = 0;
  for (const { partition, bucket, offset, atMs } of progress) {
    if (offset <= (furthest.get(bucket) ?? 0)) continue;
    furthest.set(bucket, offset);
    if (atMs < fromMs || atMs > toMs) continue;
    longestMs = Math.max(longestMs, atMs - (movedAtMs.get(partition) ?? fromMs));
    movedAtMs.set(partition, atMs);
  }
  for (let partition = 0; partition < partitions; partition++)
    longestMs = Math.max(longestMs, toMs - (movedAtMs.get(partition) ?? fromMs));
  return longestMs;
}
