import { judge, type Verdict } from "@lastknown/shared";
import type { FoldedArrival } from "../view/arrival.js";

export type VerdictCounts = Readonly<Record<Verdict, number>>;

/** How many arrivals of a fold have each verdict, as each stood when it was taken in. */
export function countVerdicts(added: readonly FoldedArrival[]): VerdictCounts {
  const counts = { applied: 0, duplicate: 0, stale: 0 };
  for (const { order, stateBefore, seenBefore } of added)
    counts[judge(order, stateBefore, seenBefore).verdict]++;
  return counts;
}
