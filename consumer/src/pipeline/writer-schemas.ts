import {
  InvalidEventSchemaError,
  parseEventSchema,
  UnknownSchemaError,
  type EventSchema,
  type Logger,
  type LogReader,
  type SchemaRegistry,
} from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import { collectCopies } from "../schemas/collect-copies.js";
import { RegistryWatch } from "../schemas/registry-watch.js";
import { schemaConflict } from "../schemas/schema-conflict.js";
import type { SchemaCopies } from "../schemas/schema-copies.js";

/**
 * - `known`: the text and what it says
 * - `unknown`: the registry itself says that there is none, and the audit has no copy
 * - `wrong-head`: a schema, but not of an event
 */
export type WriterSchema =
  | { readonly kind: "known"; readonly text: string; readonly schema: EventSchema }
  | { readonly kind: "unknown"; readonly error: string }
  | { readonly kind: "wrong-head"; readonly error: string };

export interface WriterSchemasOptions {
  readonly registry: SchemaRegistry;
  readonly copies: SchemaCopies;
  readonly reader: LogReader;
  readonly auditTopic: string;
  readonly auditSchemaId: number;
  readonly patience: Patience;
  readonly logger: Logger;
  /** How often the registry is looked at. */
  readonly checkIntervalMs?: number;
}

/** Schemas kept by id: far more than a fleet has. Poisoned ids cannot fill the memory. */
const SCHEMAS_MAX = 1000;
const CHECK_INTERVAL_MS = 10_000;

/**
 * The writers' schemas by id. The first text with which an id came into the audit is what it means for ever, as the
 * audit's readers have no other: a registry that was emptied and gives the id to another schema stops the worker, and
 * one that is away or has forgotten the id holds up nothing.
 */
export class WriterSchemas {
  readonly #options: WriterSchemasOptions;
  /** Only `known` and `wrong-head`: an unknown id may be registered later. */
  readonly #schemas = new Map<number, WriterSchema>();
  readonly #watch: RegistryWatch;

  constructor(options: WriterSchemasOptions) {
    const { registry, auditTopic, auditSchemaId, logger, checkIntervalMs = CHECK_INTERVAL_MS } = options;
    this.#options = options;
    const known = (): Map<number, string> => this.#known();
    const intervalMs = checkIntervalMs;
    this.#watch = new RegistryWatch({ registry, known, auditSchemaId, auditTopic, intervalMs, logger });
  }

  /** Why the registry did not answer, where schemas that are known go on without it. */
  get registryAway(): string | undefined {
    return this.#watch.away;
  }

  /** From now on the registry is looked at beside the work, which hears of a conflict at its next batch. */
  startWatch(): void {
    this.#watch.start();
  }

  stopWatch(): void {
    this.#watch.stop();
  }

  /**
   * Makes sure that the store has what the audit has, and what this worker has used. To be called before partitions
   * are worked on, and when Redis may have lost something.
   *
   * @param moved called whenever it has come on: it may have to read all of the audit
   */
  async prepare(signal: AbortSignal, moved?: () => void): Promise<void> {
    await collectCopies({ ...this.#options, moved }, signal);
    for (const [id, text] of this.#known()) await this.#keep(id, text, signal);
  }

  /**
   * Every schema of the ids. Waits for the registry as long as that takes, where the audit has no copy of one.
   *
   * @throws FatalError where the registry has another text than the audit for an id
   */
  async ofIds(ids: Iterable<number>, signal: AbortSignal): Promise<Map<number, WriterSchema>> {
    if (this.#watch.conflict !== undefined) throw this.#watch.conflict;
    const schemas = new Map<number, WriterSchema>();
    for (const id of ids) schemas.set(id, this.#schemas.get(id) ?? (await this.#look(id, signal)));
    return schemas;
  }

  async #look(id: number, signal: AbortSignal): Promise<WriterSchema> {
    const { copies, patience } = this.#options;
    const copy = await patience.outlast("redis", signal, () => copies.textById(id));
    if (copy === undefined) return await this.#askRegistry(id, signal);
    await this.#watch.check(id, copy);
    return this.#remember(id, parse(copy));
  }

  async #askRegistry(id: number, signal: AbortSignal): Promise<WriterSchema> {
    const { registry, patience } = this.#options;
    let text: string;
    try {
      text = await patience.outlast("registry", signal, () => registry.textById(id));
    } catch (error) {
      if (error instanceof UnknownSchemaError) return { kind: "unknown", error: error.message };
      throw error;
    }
    const schema = parse(text);
    if (schema.kind === "known") await this.#keep(id, text, signal);
    return this.#remember(id, schema);
  }

  /** Before the first entry of it is appended: of two workers with different texts one stops here. */
  async #keep(id: number, text: string, signal: AbortSignal): Promise<void> {
    const { copies, patience, auditTopic } = this.#options;
    const standing = await patience.outlast("redis", signal, () => copies.keepIfAbsent(id, text));
    if (standing !== text) throw schemaConflict(id, "in the registry", auditTopic);
  }

  #remember(id: number, schema: WriterSchema): WriterSchema {
    if (this.#schemas.size >= SCHEMAS_MAX) this.#schemas.clear();
    this.#schemas.set(id, schema);
    return schema;
  }

  #known(): Map<number, string> {
    const texts = new Map<number, string>();
    for (const [id, schema] of this.#schemas) if (schema.kind === "known") texts.set(id, schema.text);
    return texts;
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
