import type { SeenProgress } from "../oracle/index.js";

/** A part of a run, in ms since 1970. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The longest time within a span in which some partition had nothing new in Redis, in ms. */
export function longestStandstill(progress: readonly SeenProgress[], partitions: number, span: Span): number {
  return Math.max(...standstills(progress, partitions, span));
}

/**
 * By partition: the longest time within a span in which it had nothing new in Redis, in ms. What was there before and
 * was lost is not new when it comes back. What was seen has to be given in the order in which it was seen.
 */
export function standstills(
  progress: readonly SeenProgress[],
  partitions: number,
  { fromMs, toMs }: Span,
): number[] {
  const furthest = new Map<number, number>();
  const movedAtMs = Array.from({ length: partitions }, () => fromMs);
  const longestMs = Array.from({ length: partitions }, () => 0);
  const look = (partition: number, atMs: number): void => {
    longestMs[partition] = Math.max(longestMs[partition] ?? 0, atMs - (movedAtMs[partition] ?? fromMs));
    movedAtMs[partition] = atMs;
  };
  for (const { partition, bucket, offset, atMs } of progress) {
    if (offset <= (furthest.get(bucket) ?? 0)) continue;
    furthest.set(bucket, offset);
    if (atMs >= fromMs && atMs <= toMs) look(partition, atMs);
  }
  for (let partition = 0; partition < partitions; partition++) look(partition, toMs);
  return longestMs;
}
