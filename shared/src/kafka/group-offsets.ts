/** What a group has committed of one partition. */
export interface CommittedOffset {
  /** The first record not yet done. */
  readonly offset: number;
  /** The text that was committed with it; empty where there was none. */
  readonly note: string;
}

/** One process that is in a consumer group. */
export interface GroupMember {
  /** As the coordinator names it; another one each time it joins. */
  readonly memberId: string;
  readonly clientId: string;
  /** Its address as the coordinator sees it. */
  readonly host: string;
  /** Those of the topic that it was given, ascending; while the group rebalances those that it had, or none. */
  readonly partitions: readonly number[];
  /** Silent for so long it is put out of the group; undefined where it is none of ours and does not say so. */
  readonly sessionTimeoutMs?: number | undefined;
}

/** Who is in a consumer group. */
export interface GroupMembership {
  /** Its partitions are being shared out anew: what its members were given before says little. */
  readonly isRebalancing: boolean;
  /** None where nobody is in the group, and where there is no such group. */
  readonly members: readonly GroupMember[];
}

/** Where a consumer group stands, and who is in it. */
export interface GroupOffsets {
  /** Partition → what was committed of it last. A partition without an offset is absent. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, CommittedOffset>>;
  /** Who is in the group now. */
  membership(group: string, topic: string): Promise<GroupMembership>;
}
