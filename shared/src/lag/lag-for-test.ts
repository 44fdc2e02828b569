import type { CommitNote } from "../fleet/commit-note.js";
import type { GroupMember, GroupMembership } from "../kafka/group-offsets.js";
import type { LagFacts } from "./lag-facts.js";

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
    sample: undefined,
    ...some,
  };
}

export function printed(note: CommitNote): string {
  return JSON.stringify({ fleet: "f1", ...note });
}
