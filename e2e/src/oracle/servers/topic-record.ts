/** One record as it stands in a topic. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  /** When the broker appended it, or when its producer made it, as the topic has it; in ms since 1970. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: ReadonlyMap<string, Buffer>;
}
