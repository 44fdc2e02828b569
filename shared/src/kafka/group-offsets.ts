/** Where a consumer group stands. */
export interface GroupOffsets {
  /** Partition → committed offset: the first record not yet done. A partition without one is absent. */
  committedOffsets(group: string, topic: string): Promise<ReadonlyMap<number, number>>;
}
