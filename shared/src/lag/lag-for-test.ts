import type { CommitNote } from "../fleet/commit-note.js";
import type { GroupMember, GroupMembership } from "../kafka/group-offsets.js";
import { explainLag } from "./explain-lag.js";
import type { LagFacts } from "./lag-facts.js";
import { LagWatch } from "./lag-watch.js";

export const NOW_MS = 1_700_000_000_000;

export const OWNER: GroupMember = {
  memberId: "m1",
  clientId: "lastknown",
  host: "10.0.0.3",
  partitions: [0, 1],
  sessionTimeoutMs: 10_000,
};
export const OWNED: GroupMembership = { isRebalancing: false, members: [OWNER] };

/** Of partition 0, in which much waits; nothing else is known of it. */
export function factsWith(some: Partial<LagFacts>): LagFacts {
  return {
    partition: 0,
    lag: 1000,
    lagOfOthers: 0,
    group: OWNED,
    isCommitted: true,
    note: {},
    word: undefined,
    silentSeconds: 0,
    emptySecondsAgo: undefined,
    pace: undefined,
    isGrowing: false,
    sample: undefined,
    ...some,
  };
}

export function printed(note: CommitNote): string {
  return JSON.stringify({ fleet: "f1", ...note });
}

/** Looks at one partition by a clock that the test moves. */
export class Looks {
  readonly watch = new LagWatch();
  seconds = 0;
  group: GroupMembership | undefined = OWNED;

  look(offset: number, end: number, note: CommitNote = {}, start = 0): void {
    const commits = new Map([[0, { offset, note: printed(note) }]]);
    const ends = new Map([[0, { start, end }]]);
    const atMs = this.seconds * 1000;
    this.watch.look({ atMs, nowMs: NOW_MS + atMs, ends, commits, group: this.group });
  }

  get kind(): string {
    const facts = this.watch.factsOf(0);
    return facts === undefined ? "not seen" : explainLag(facts).reason.kind;
  }
}
