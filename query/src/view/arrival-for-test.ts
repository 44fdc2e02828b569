import { bodyOf, emptyAttributes, EventEncoder, evolveEventSchema, orderOf } from "@lastknown/shared";
import type { Arrival } from "./arrival.js";
import type { FoldBatch } from "./view-store.js";

/** The skew of the fleets in the view's tests, in µs: small, so that small numbers get clamped. */
export const TEST_SKEW = 10;

/** An arrival in few words; events with the same letter and time_stamp are the same observation. */
export interface ArrivalFacts {
  readonly user: string;
  readonly offset: number;
  readonly timeStamp?: number;
  readonly sts?: number;
  readonly letter?: string;
  /** No part of the observation. */
  readonly gateway?: string;
}

export const TEST_SCHEMA = evolveEventSchema(undefined, [
  { header: "letter", type: "string" },
  { header: "gateway", type: "string" },
]);
export const TEST_SCHEMA_ID = 11;

export function arrivalFor(facts: ArrivalFacts): Arrival {
  const { user, offset, timeStamp = 0, sts = 0, letter = "a", gateway } = facts;
  // A property test may give two arrivals one event id and different times: the stores must stand that too.
  const eventId = Buffer.from(letter.repeat(16)).toString("hex").slice(0, 32);
  const attributes = Object.assign(
    emptyAttributes(),
    gateway === undefined ? { letter } : { letter, gateway },
  );
  const event = { eventId, user, timeStamp, sts, attributes };
  const body = bodyOf(new EventEncoder(TEST_SCHEMA, TEST_SCHEMA_ID).encode(event));
  const order = orderOf(event, TEST_SKEW);
  return { user, offset, order, appendedAtMs: 1_700_000_000_000 + offset, schemaId: TEST_SCHEMA_ID, body };
}

export function batchOf(
  arrivals: readonly Arrival[],
  place: Partial<Omit<FoldBatch, "arrivals">> = {},
): FoldBatch {
  return {
    partition: place.partition ?? 0,
    arrivals,
    schemas: place.schemas ?? [],
    nextOffset: place.nextOffset ?? arrivals.length,
  };
}
