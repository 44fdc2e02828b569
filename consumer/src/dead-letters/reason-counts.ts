/** How often each reason came. */
export type ReasonCounts = ReadonlyMap<string, number>;

export function withReason(counts: ReasonCounts, reason: string, count = 1): ReasonCounts {
  return new Map(counts).set(reason, (counts.get(reason) ?? 0) + count);
}

/** For a person: `3 null_key, 1 internal`. */
export function countsOf(counts: ReasonCounts): string {
  return [...counts].map(([reason, count]) => `${count} ${reason}`).join(", ");
}
