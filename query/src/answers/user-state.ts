import {
  decodeEvent,
  inCanonicalOrder,
  MalformedAvroError,
  type Attributes,
  type EventId,
  type Micros,
  type SourceCoordinates,
} from "@lastknown/shared";
import type { Arrival } from "../view/arrival.js";
import type { SchemaCopies } from "../view/schema-copies.js";

/** What one event says about its user: the content of every answer. */
export interface UserState {
  readonly user: string;
  readonly timeStamp: Micros;
  readonly sts: Micros;
  readonly attributes: Attributes;
  readonly eventId: EventId;
  readonly orderTime: Micros;
  /** One of its arrivals. */
  readonly source: SourceCoordinates;
}

/** An arrival was folded, but its columns cannot be read: its schema's copy is missing or is another's. */
export class UnreadableArrivalError extends Error {
  override readonly name = "UnreadableArrivalError";
  readonly source: SourceCoordinates;

  constructor(source: SourceCoordinates, reason: string, cause?: unknown) {
    super(`the event of ${source.topic}/${source.partition}/${source.offset} cannot be read: ${reason}`, {
      cause,
    });
    this.source = source;
  }
}

/** Reads an arrival by its writer's schema. Throws UnreadableArrivalError. */
export function stateOf(
  arrival: Arrival,
  place: { topic: string; partition: number },
  schemas: SchemaCopies,
): UserState {
  const { user, offset, order, schemaId, body } = arrival;
  const source = { ...place, offset };
  const schema = schemas.byId(schemaId);
  if (schema === undefined)
    throw new UnreadableArrivalError(source, `there is no copy of schema ${schemaId}`);
  try {
    const { timeStamp, sts, eventId, ...event } = decodeEvent(schema, body);
    const attributes = inCanonicalOrder(event.attributes);
    return { user, timeStamp, sts, attributes, eventId, orderTime: order.orderTime, source };
  } catch (cause) {
    if (cause instanceof MalformedAvroError) throw new UnreadableArrivalError(source, cause.message, cause);
    throw cause;
  }
}
