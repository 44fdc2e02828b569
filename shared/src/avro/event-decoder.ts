import { emptyAttributes, type Attributes, type AttributeValue } from "../domain/attributes.js";
import type { Event } from "../domain/event.js";
import { EVENT_ID_BYTES, type EventId } from "../domain/event-id.js";
import type { Micros } from "../domain/time.js";
import { ByteReader, MalformedAvroError } from "./byte-reader.js";
import type { EventColumn, EventSchema, FieldType } from "./event-schema.js";

/** The first four fields of every event, whatever its schema's version. */
export interface EventHead {
  readonly eventId: EventId;
  readonly user: string;
  readonly timeStamp: Micros;
  readonly sts: Micros;
}

const GOES_ON = "the value goes on after its last column";

/** Reads a body's head alone. Throws MalformedAvroError. */
export function decodeEventHead(body: Buffer): EventHead {
  return readHead(new ByteReader(body));
}

/** Reads whom a body is about, and nothing else. Throws MalformedAvroError. */
export function decodeEventUser(body: Buffer): string {
  return new ByteReader(body, EVENT_ID_BYTES).string();
}

/**
 * Reads a whole body by its writer's schema. Throws MalformedAvroError if the body does not end where the
 * schema does: such bytes were cut, or written with another schema than their id names.
 */
export function decodeEvent(schema: EventSchema, body: Buffer): Event {
  const reader = new ByteReader(body);
  const head = readHead(reader);
  const attributes = readAttributes(schema.columns, reader);
  if (!reader.atEnd) throw new MalformedAvroError(GOES_ON);
  return { ...head, attributes };
}

/** An event, held against whom it should be about. */
export interface ComparedEvent extends Event {
  readonly isAboutExpected: boolean;
}

/**
 * As decodeEvent, and refuses what it refuses, but makes the id, the user and the attributes only when they are asked
 * for: most events are older than what is known, and nobody looks at theirs. Until then it holds the bytes.
 *
 * @param from where the body begins in the bytes
 * @param expected the user whom it should be about, in valid UTF-8
 */
export function readEvent(schema: EventSchema, bytes: Buffer, from: number, expected: Buffer): ComparedEvent {
  const reader = new ByteReader(bytes, from);
  const event = new ReadEvent(schema, bytes, reader, expected);
  for (const column of schema.columns) if (readBranch(column, reader)) skipValue(column.type, reader);
  if (!reader.atEnd) throw new MalformedAvroError(GOES_ON);
  return event;
}

class ReadEvent implements ComparedEvent {
  readonly isAboutExpected: boolean;
  readonly timeStamp: Micros;
  readonly sts: Micros;
  readonly #schema: EventSchema;
  readonly #bytes: Buffer;
  readonly #idAt: number;
  readonly #attributesAt: number;
  #user: string | undefined;
  #id: EventId | undefined;
  #attributes: Attributes | undefined;

  constructor(schema: EventSchema, bytes: Buffer, reader: ByteReader, expected: Buffer) {
    this.#idAt = reader.position;
    reader.skip(EVENT_ID_BYTES);
    this.isAboutExpected = reader.skipStringLike(expected);
    if (!this.isAboutExpected) reader.skipString();
    this.timeStamp = reader.long();
    this.sts = reader.long();
    this.#schema = schema;
    this.#bytes = bytes;
    this.#attributesAt = reader.position;
  }

  get user(): string {
    return (this.#user ??= new ByteReader(this.#bytes, this.#idAt + EVENT_ID_BYTES).string());
  }

  get eventId(): EventId {
    return (this.#id ??= new ByteReader(this.#bytes, this.#idAt).hex(EVENT_ID_BYTES));
  }

  get attributes(): Attributes {
    return (this.#attributes ??= readAttributes(
      this.#schema.columns,
      new ByteReader(this.#bytes, this.#attributesAt),
    ));
  }
}

function readHead(reader: ByteReader): EventHead {
  const eventId = reader.hex(EVENT_ID_BYTES);
  const user = reader.string();
  const timeStamp = reader.long();
  const sts = reader.long();
  return { eventId, user, timeStamp, sts };
}

function readAttributes(columns: readonly EventColumn[], reader: ByteReader): Attributes {
  const attributes = emptyAttributes();
  for (const column of columns) {
    if (readBranch(column, reader)) attributes[column.header] = readValue(column.type, reader);
  }
  return attributes;
}

/** Whether a value follows. */
function readBranch(column: EventColumn, reader: ByteReader): boolean {
  const branch = reader.long();
  if (branch === column.nullBranch) return false;
  if (branch === 1 - column.nullBranch) return true;
  throw new MalformedAvroError(`column ${column.field} has no branch ${branch}`);
}

function skipValue(type: FieldType, reader: ByteReader): void {
  if (type === "string") reader.skipString();
  else readValue(type, reader);
}

function readValue(type: FieldType, reader: ByteReader): AttributeValue {
  switch (type) {
    case "string":
      return reader.string();
    case "boolean":
      return reader.boolean();
    case "long":
    case "int":
      return reader.long();
    case "double":
      return finite(reader.double());
    case "float":
      return finite(reader.float());
  }
}

/** JSON has no NaN and no infinity, so an answer could not tell them. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new MalformedAvroError("a number is not finite");
  return value;
}
