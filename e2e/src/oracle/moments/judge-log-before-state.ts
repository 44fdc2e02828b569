import { type Judgement, Tally } from "../judges/judgement.js";
import type { SeenProgress, SeenState } from "./observations.js";
import type { SettledTimes } from "./settled-times.js";

/** Whether whatever was seen in Redis, states and progress, was in the audit (or a dead letter) by then. */
export function judgeLogBeforeState(
  seen: { readonly states: readonly SeenState[]; readonly progress: readonly SeenProgress[] },
  settled: SettledTimes,
): Judgement {
  const tally = new Tally();
  for (const { user, source, atMs } of seen.states) {
    const [, partition, offset] = /\/(\d+)\/(\d+)$/.exec(source ?? "") ?? [];
    if (offset === undefined) continue;
    const auditedAtMs = settled.auditedAtMs({ partition: Number(partition), offset: Number(offset) });
    compare(tally, `${user} from ${source} in the audit`, auditedAtMs, atMs);
  }
  for (const { bucket, partition, offset, atMs } of seen.progress) {
    const settledAtMs = settled.allSettledAtMs(partition, offset);
    compare(tally, `all that bucket ${bucket} has up to ${offset} settled`, settledAtMs, atMs);
  }
  return tally.judgement;
}

/** Counts one comparison; the times themselves are shown where it fails. */
export function compare(tally: Tally, where: string, happenedAtMs: number, seenAtMs: number): void {
  if (happenedAtMs <= seenAtMs) tally.check(where, true, true);
  else tally.fail(where, `by ${printTime(seenAtMs)}`, printTime(happenedAtMs));
}

function printTime(atMs: number): string {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : "never";
}
