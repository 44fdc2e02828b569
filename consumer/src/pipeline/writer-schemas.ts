import {
  InvalidEventSchemaError,
  parseEventSchema,
  UnknownSchemaError,
  type EventSchema,
  type SchemaRegistry,
} from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";

/**
 * - `known`: the text and what it says
 * - `unknown`: the registry itself says that there is none
 * - `wrong-head`: a schema, but not of an event
 */
export type WriterSchema =
  | { readonly kind: "known"; readonly text: string; readonly schema: EventSchema }
  | { readonly kind: "unknown"; readonly error: string }
  | { readonly kind: "wrong-head"; readonly error: string };

/** Schemas kept by id: far more than a fleet has. Poisoned ids cannot fill the memory. */
const SCHEMAS_MAX = 1000;

/** The writers' schemas by id. An id means one schema for ever, so each is asked for once. */
export class WriterSchemas {
  readonly #registry: SchemaRegistry;
  readonly #patience: Patience;
  /** Only `known` and `wrong-head`: an unknown id may be registered later. */
  readonly #schemas = new Map<number, WriterSchema>();

  constructor(registry: SchemaRegistry, patience: Patience) {
    this.#registry = registry;
    this.#patience = patience;
  }

  /** Every schema of the ids, waiting for the registry as long as that takes. */
  async ofIds(ids: Iterable<number>, signal: AbortSignal): Promise<Map<number, WriterSchema>> {
    const schemas = new Map<number, WriterSchema>();
    for (const id of ids) schemas.set(id, this.#schemas.get(id) ?? (await this.#ask(id, signal)));
    return schemas;
  }

  async #ask(id: number, signal: AbortSignal): Promise<WriterSchema> {
    let text: string;
    try {
      text = await this.#patience.outlast("registry", signal, () => this.#registry.textById(id));
    } catch (error) {
      if (error instanceof UnknownSchemaError) return { kind: "unknown", error: error.message };
      throw error;
    }
    const schema = parse(text);
    if (this.#schemas.size >= SCHEMAS_MAX) this.#schemas.clear();
    this.#schemas.set(id, schema);
    return schema;
  }
}

function parse(text: string): WriterSchema {
  try {
    return { kind: "known", text, schema: parseEventSchema(text) };
  } catch (error) {
    if (error instanceof InvalidEventSchemaError) return { kind: "wrong-head", error: error.message };
    throw error;
  }
}
