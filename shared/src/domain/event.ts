import type { Attributes } from "./attributes.js";
import type { EventId } from "./event-id.js";
import type { Micros } from "./time.js";

/** One observation of one user, as decoded from a record. */
export interface Event {
  /** Names the observation: the same observation sent twice has one id. */
  readonly eventId: EventId;
  /** Who it is about: 1..256 bytes of UTF-8, compared as bytes. */
  readonly user: string;
  /** When it happened, by the device's clock. */
  readonly timeStamp: Micros;
  /** When our side received it. */
  readonly sts: Micros;
  readonly attributes: Attributes;
}

/** Where a record stands in the events topic. An offset names an arrival; it never decides an order of events. */
export interface SourceCoordinates {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}
