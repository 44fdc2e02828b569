/** What a group has committed of one partition. */
export interface CommittedOffset {
  /** The first record not yet done. */
  readonly offset: number;
  /** The text that was committed with it; empty where there was none. */
  readonly note: string;
}

/** Where a consumer group stands. */
export interface GroupOffsets {
  /** Partition → committed offset: the first record not yet done. A partition without one is absent. */
  committedOffsets(group: string, topic: string): Promise<ReadonlyMap<number, number>>;
}
