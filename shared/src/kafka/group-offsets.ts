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
  /** Those of the topic that it was given, ascending. */
  readonly partitions: readonly number[];
}

/** Where a consumer group stands, and who is in it. */
export interface GroupOffsets {
  /** Partition → what was committed of it last. A partition without an offset is absent. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, CommittedOffset>>;
  /** Those who are in the group now; none where nobody is, and where there is no such group. */
  members(group: string, topic: string): Promise<readonly GroupMember[]>;
}
