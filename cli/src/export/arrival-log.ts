import type { Judgement, Order } from "@lastknown/shared";

/** One arrival as the audit keeps it, without its fleet's names. */
export interface StoredArrival {
  /** Where the source record stands in the events topic. */
  readonly partition: number;
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly schemaId: number;
  /** The event's own Avro body. */
  readonly event: Buffer;
}

/** What judging an arrival needs to know of it. */
export interface ArrivalHead {
  readonly user: string;
  readonly order: Order;
}

/**
 * The arrivals of an audit in the order in which they came, whatever the order in which the audit tells them:
 * redelivery doubles entries, and compaction keeps the last copy of each. Holds any number of them in bounded
 * memory.
 *
 * First all are added, then each is judged once, in order.
 */
export interface ArrivalLog {
  /** Takes some in; one that is already there is ignored. */
  add(arrivals: readonly StoredArrival[]): void;

  /** Number of arrivals, each counted once. */
  readonly size: number;

  /** Arrivals by append time; those of one partition by source offset. May be left early. */
  inOrder(): Iterable<StoredArrival>;

  /** Judges the next arrivals, in order: those before them must have been judged before. */
  judgeNext(heads: readonly ArrivalHead[]): Judgement[];

  close(): Promise<void>;
}
