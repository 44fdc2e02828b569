import {
  decodeEvent,
  FatalError,
  MalformedAvroError,
  orderOf,
  type Event,
  type EventSchema,
  type Judgement,
  type MaxFutureSkew,
  type Micros,
} from "@lastknown/shared";
import type { ArrivalLog, StoredArrival } from "./arrival-log.js";
import type { SchemasById } from "./read-audit.js";

/** One arrival with all that is known of it. */
export interface ExportedArrival {
  readonly event: Event;
  readonly orderTime: Micros;
  readonly judgement: Judgement;
  readonly partition: number;
  readonly offset: number;
  readonly appendedAtMs: number;
}

export interface ExportChoice {
  /** Only this user's arrivals; all users' unless given. */
  readonly user?: string | undefined;
  /** Only arrivals with from ≤ time_stamp < to. */
  readonly from?: Micros | undefined;
  readonly to?: Micros | undefined;
}

/** Arrivals that are judged together: one transaction each. */
const CHUNK = 500;

/**
 * The arrivals chosen, in order, each with its verdict. A verdict depends on all of the user's arrivals before it,
 * so those outside `from`..`to` are judged too.
 */
export function* exportedArrivals(
  log: ArrivalLog,
  schemas: SchemasById,
  choice: ExportChoice & { maxFutureSkew: MaxFutureSkew },
): Generator<ExportedArrival, void, undefined> {
  for (const chunk of chunksOf(log.inOrder(), CHUNK)) {
    for (const arrival of judgeChunk(log, schemas, choice, chunk)) {
      const { timeStamp } = arrival.event;
      if (timeStamp >= (choice.from ?? -Infinity) && timeStamp < (choice.to ?? Infinity)) yield arrival;
    }
  }
}

function judgeChunk(
  log: ArrivalLog,
  schemas: SchemasById,
  { user, maxFutureSkew }: ExportChoice & { maxFutureSkew: MaxFutureSkew },
  chunk: readonly StoredArrival[],
): ExportedArrival[] {
  const decoded = chunk
    .map((arrival) => ({ arrival, event: decodeArrival(arrival, schemas) }))
    .filter(({ event }) => user === undefined || event.user === user)
    .map(({ arrival, event }) => ({ arrival, event, order: orderOf(event, maxFutureSkew) }));
  const judgements = log.judgeNext(decoded.map(({ event, order }) => ({ user: event.user, order })));
  return decoded.map(({ arrival: { partition, offset, appendedAtMs }, event, order }, index) => {
    const judgement = judgements[index] as Judgement;
    return { event, orderTime: order.orderTime, judgement, partition, offset, appendedAtMs };
  });
}

function* chunksOf<Element>(
  elements: Iterable<Element>,
  size: number,
): Generator<Element[], void, undefined> {
  let chunk: Element[] = [];
  for (const element of elements) {
    chunk.push(element);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function decodeArrival({ schemaId, event, partition, offset }: StoredArrival, schemas: SchemasById): Event {
  const schema = schemas.get(schemaId);
  if (schema !== undefined) return decoded(schema, event, `${partition}/${offset}`);
  throw new FatalError(
    `the audit holds no copy of schema ${schemaId}, which arrival ${partition}/${offset} uses`,
    {
      fix: "the audit topic was trimmed; set its retention to unlimited and export what is left with another --from",
    },
  );
}

function decoded(schema: EventSchema, body: Buffer, place: string): Event {
  try {
    return decodeEvent(schema, body);
  } catch (cause) {
    if (!(cause instanceof MalformedAvroError)) throw cause;
    throw new FatalError(`arrival ${place} of the audit cannot be read: ${cause.message}`, {
      fix: "export other users with --user, and look at its source record in the events topic",
      cause,
    });
  }
}
