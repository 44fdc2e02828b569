import type { AttributeValue } from "../domain/attributes.js";
import type { Event } from "../domain/event.js";
import { ByteWriter } from "./byte-writer.js";
import type { EventColumn, EventSchema } from "./event-schema.js";
import { FRAME_BYTES } from "./framing.js";

/** Writes events in one version of the schema, framed with its id. */
export class EventEncoder {
  readonly #schema: EventSchema;
  readonly #schemaId: number;
  readonly #writer = new ByteWriter();

  constructor(schema: EventSchema, schemaId: number) {
    this.#schema = schema;
    this.#schemaId = schemaId;
  }

  /**
   * The event as a record's value. Attributes that the schema has no column for are a caller's mistake.
   *
   * @throws RangeError for a `long` past ±(2^53−1) or a number that is not finite
   */
  encode(event: Event): Buffer {
    const writer = this.#writer;
    writer.uint8(0);
    writer.uint32(this.#schemaId);
    writer.hex(event.eventId);
    writer.string(event.user);
    writer.long(event.timeStamp);
    writer.long(event.sts);
    for (const column of this.#schema.columns) this.#writeColumn(column, event.attributes[column.header]);
    return writer.take();
  }

  #writeColumn(column: EventColumn, value: AttributeValue | undefined): void {
    const writer = this.#writer;
    if (value === undefined || value === null) {
      writer.long(column.nullBranch);
      return;
    }
    writer.long(1 - column.nullBranch);
    switch (column.type) {
      case "string":
        return writer.string(value as string);
      case "boolean":
        return writer.boolean(value as boolean);
      case "long":
      case "int":
        return writer.long(value as number);
      case "double":
        return this.#writeDouble(value as number);
      case "float":
        throw new TypeError(`column ${column.header} is a float, which is read but never written`);
    }
  }

  #writeDouble(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`not a finite number: ${value}`);
    this.#writer.double(value);
  }
}

/** The Avro body of a framed value. */
export function bodyOf(framed: Buffer): Buffer {
  return framed.subarray(FRAME_BYTES);
}
