import { InvalidEventSchemaError, parseEventSchema, type EventSchema } from "@lastknown/shared";

/** Where the schema copies are: the view's store. */
export interface SchemaTexts {
  schemaText(schemaId: number): string | undefined;
}

/**
 * The writers' schemas by the copies that stand in the audit. The registry is never asked: its ids may mean
 * other schemas today, the copies mean what they meant.
 */
export class SchemaCopies {
  readonly #texts: SchemaTexts;
  /** As many as the data set has versions. */
  readonly #parsed = new Map<number, EventSchema>();

  constructor(texts: SchemaTexts) {
    this.#texts = texts;
  }

  /** Undefined while no copy has been folded, or if the copy is no schema of an event. */
  byId(schemaId: number): EventSchema | undefined {
    const known = this.#parsed.get(schemaId);
    if (known !== undefined) return known;
    const text = this.#texts.schemaText(schemaId);
    const schema = text === undefined ? undefined : parsedOrUndefined(text);
    if (schema !== undefined) this.#parsed.set(schemaId, schema);
    return schema;
  }
}

/** Whether the text is a schema of an event at all. */
export function isEventSchema(text: string): boolean {
  return parsedOrUndefined(text) !== undefined;
}

function parsedOrUndefined(text: string): EventSchema | undefined {
  try {
    return parseEventSchema(text);
  } catch (error) {
    if (error instanceof InvalidEventSchemaError) return undefined;
    throw error;
  }
}
