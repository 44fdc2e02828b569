/** When a bucket was first seen to be applied up to an offset. Ascending in both. */
export interface ProgressSight {
  /** When the answer had come, in ms since 1970: the offset was visible by then, maybe earlier. */
  readonly seenAtMs: number;
  /** The first offset that is not applied. */
  readonly progress: number;
}

/** What was seen of each bucket. */
export type ProgressSights = ReadonlyMap<number, readonly ProgressSight[]>;

/** A record whose way is measured. */
export interface MeasuredRecord {
  readonly bucket: number;
  readonly offset: number;
  /** When it was planned to arrive, or was appended, in ms since 1970. */
  readonly dueAtMs: number;
}

/**
 * How long each record took from when it was due until its effect was seen in Redis: until the first look at which
 * its bucket's progress was past it. Looking at intervals can make this longer than it was, by at most one
 * interval, never shorter. Records never seen are left out: compare the count.
 */
export function delaysUntilVisible(records: Iterable<MeasuredRecord>, sights: ProgressSights): number[] {
  const delays: number[] = [];
  for (const { bucket, offset, dueAtMs } of records) {
    const sight = firstPast(sights.get(bucket) ?? [], offset);
    if (sight !== undefined) delays.push(sight.seenAtMs - dueAtMs);
  }
  return delays;
}

function firstPast(sights: readonly ProgressSight[], offset: number): ProgressSight | undefined {
  let low = 0;
  let high = sights.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sights[middle] as ProgressSight).progress > offset) high = middle;
    else low = middle + 1;
  }
  return sights[low];
}
