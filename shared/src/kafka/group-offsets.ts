/** What a group has committed of one partition. */
export interface CommittedOffset {
  /** The first record not yet done. */
  readonly offset: number;
  /** The text that was committed with it; empty where there was none. */
  readonly note: string;
}

/** Where a consumer group stands. */
export interface GroupOffsets {
  /** Partition → what was committed of it last. A partition without an offset is absent. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, CommittedOffset>>;
}
