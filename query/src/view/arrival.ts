import type { Order } from "@lastknown/shared";

/**
 * One record as received, as the view keeps it. A user's records all stand in one partition, so within its user
 * the source offset names an arrival, and the order of offsets is the order of arrival.
 */
export interface Arrival {
  readonly user: string;
  /** Offset in the events topic, not in the audit: compaction leaves the audit out of order. */
  readonly offset: number;
  readonly order: Order;
  /** When the broker appended the source record, in ms since 1970. */
  readonly appendedAtMs: number;
  /** The writer's schema of `body`. */
  readonly schemaId: number;
  /** The event's own Avro body, without framing. */
  readonly body: Buffer;
}

/** An arrival with what the verdict on it needs. */
export interface FoldedArrival extends Arrival {
  /** The greatest order among the user's arrivals with a lower source offset, if there are any. */
  readonly stateBefore: Order | undefined;
  /** Whether one of those had the same event_id. */
  readonly seenBefore: boolean;
}

/** Field by field: an object that is spread into another has a shape of its own, which costs at each look at it. */
export function foldedArrival(
  arrival: Arrival,
  stateBefore: Order | undefined,
  seenBefore: boolean,
): FoldedArrival {
  const { user, offset, order, appendedAtMs, schemaId, body } = arrival;
  return { user, offset, order, appendedAtMs, schemaId, body, stateBefore, seenBefore };
}

/**
 * A place in a user's arrivals sorted by order. Of arrivals with one order the first received stands as the
 * greatest: which of them is the newest is decided by their attributes, when it is asked.
 */
export interface OrderPosition {
  readonly order: Order;
  readonly offset: number;
}
