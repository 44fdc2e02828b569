import { COMMIT_INTERVAL_MAX_MS, printDuration } from "@lastknown/shared";
import type { Lag } from "../freshness/freshness.js";
import type { DelayFigures } from "./delay-window.js";
import type { BudgetStatus } from "./status-snapshot.js";

/** How long after its append an arrival is to be visible. */
export const BUDGET_SECONDS = 2;
/** For the commit itself, and until we have seen it. */
const COMMIT_SEEN_SECONDS = 1;
/** A commit follows an effect that can be seen by no more than its interval: so much later it is not it that waits. */
const COMMIT_BUDGET_SECONDS = BUDGET_SECONDS + COMMIT_INTERVAL_MAX_MS / 1000 + COMMIT_SEEN_SECONDS;

export interface BudgetFigures {
  /** From append to in view, of the arrivals of the last seconds. */
  readonly delays: DelayFigures;
  /** For how long the oldest record that the view lacks has waited. */
  readonly viewLag: Lag;
  /** Records of the audit that the view lacks; undefined if unknown. */
  readonly viewLagRecords: number | undefined;
  /** For how long the oldest record that the workers have not committed has waited; undefined if unknown. */
  readonly commitLagSeconds: number | undefined;
  /** How old both are: what came since has waited for no longer, and is not in them. Undefined if unknown. */
  readonly lookedSecondsAgo: number | undefined;
}

/**
 * Whether the fleet is as fresh as it has to be, by what the query service can see: what came into the view lately,
 * what the view still lacks, and what the workers have not committed (their commit comes after Redis).
 */
export function budgetStatus(figures: BudgetFigures): BudgetStatus {
  const { delays, viewLag, viewLagRecords, commitLagSeconds, lookedSecondsAgo = Infinity } = figures;
  const reasons: string[] = [];
  if ((delays.p99Seconds ?? 0) > BUDGET_SECONDS) {
    reasons.push(
      `1 in 100 arrivals came into the view ${print(delays.p99Seconds)} after its append, or later`,
    );
  }
  if (viewLag !== "unknown" && viewLag > BUDGET_SECONDS) {
    const cause = viewLagRecords === 0 ? ", as no worker has done it yet" : "";
    reasons.push(`the oldest record that is not in the view has waited for ${print(viewLag)}${cause}`);
  }
  if (commitLagSeconds !== undefined && commitLagSeconds > COMMIT_BUDGET_SECONDS)
    reasons.push(
      `the oldest record that the workers have not committed has waited for ${print(commitLagSeconds)}`,
    );
  if (reasons.length > 0) return { seconds: BUDGET_SECONDS, state: "broken", reasons };
  if (viewLag === "unknown" || lookedSecondsAgo > BUDGET_SECONDS)
    reasons.push("how far the view is behind cannot be known now");
  if (commitLagSeconds === undefined || lookedSecondsAgo > COMMIT_BUDGET_SECONDS)
    reasons.push("how far the workers are behind cannot be known now");
  return { seconds: BUDGET_SECONDS, state: reasons.length > 0 ? "unknown" : "kept", reasons };
}

function print(seconds: number | null): string {
  return seconds === null ? "unknown" : printDuration(seconds, (some) => some.toFixed(1));
}
