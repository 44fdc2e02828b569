import { type Judgement, Tally } from "../judges/judgement.js";
import type { Commit } from "../servers/read-commits.js";
import { compare } from "./judge-log-before-state.js";
import type { SettledTimes } from "./settled-times.js";

/** Whether at each commit every record below the committed offset was in the audit or a dead letter. */
export function judgeCommits(commits: readonly Commit[], settled: SettledTimes): Judgement {
  const tally = new Tally();
  for (const { partition, offset, atMs } of commits) {
    const where = `all below ${offset} of partition ${partition} settled at its commit`;
    compare(tally, where, settled.allSettledAtMs(partition, offset), atMs);
  }
  return tally.judgement;
}

/** Whether no commit moved its partition's offset back: that of a former owner is fenced, however late it comes. */
export function judgeForwardCommits(commits: readonly Commit[]): Judgement {
  const tally = new Tally();
  const backward = new Set(backwardCommits(commits));
  for (const commit of commits) {
    const where = `commit of partition ${commit.partition} at ${new Date(commit.atMs).toISOString()}`;
    if (backward.has(commit)) tally.fail(where, "no less than the one before", commit.offset);
    else tally.check(where, true, true);
  }
  return tally.judgement;
}

/** Commits that moved a partition's offset back: they cost redelivery. */
export function backwardCommits(commits: readonly Commit[]): Commit[] {
  const last = new Map<number, number>();
  return commits.filter(({ partition, offset }) => {
    const before = last.get(partition) ?? 0;
    last.set(partition, offset);
    return offset < before;
  });
}
