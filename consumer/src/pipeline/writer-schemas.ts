import {
  AUDIT_ENTRY_SCHEMA,
  EmptiedRegistryError,
  InvalidEventSchemaError,
  parseEventSchema,
  UnknownSchemaError,
  type EventSchema,
  type Logger,
  type LogReader,
  type SchemaRegistry,
} from "@lastknown/shared";
import { isServerFault, type Patience } from "../faults/patience.js";
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
  /** Ids that the registry is waited for with → by how many. */
  readonly #awaited = new Map<number, number>();

  constructor(options: WriterSchemasOptions) {
    this.#options = options;
    this.#watch = new RegistryWatch({
      ...options,
      known: () => this.#known(),
      intervalMs: options.checkIntervalMs ?? CHECK_INTERVAL_MS,
    });
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

  /** Those of the ids that only the registry can tell, and it is away. It is asked once, or not if it is waited for. */
  async untold(ids: Iterable<number>, signal: AbortSignal): Promise<Set<number>> {
    const untold = new Set<number>();
    for (const id of ids) {
      if (!this.#schemas.has(id) && !(await this.#isTold(id, signal))) untold.add(id);
    }
    return untold;
  }

  /** Resolves when the registry, or meanwhile the audit, has told of the schema, however long that takes. */
  async told(id: number, signal: AbortSignal): Promise<void> {
    this.#awaited.set(id, (this.#awaited.get(id) ?? 0) + 1);
    try {
      await this.#look(id, signal);
    } finally {
      const left = (this.#awaited.get(id) ?? 0) - 1;
      if (left > 0) this.#awaited.set(id, left);
      else this.#awaited.delete(id);
    }
  }

  async #isTold(id: number, signal: AbortSignal): Promise<boolean> {
    if (this.#awaited.has(id)) return false;
    try {
      const { patience } = this.#options;
      await this.#look(id, signal, () => patience.once("registry", () => this.#textInRegistry(id)));
      return true;
    } catch (error) {
      if (isServerFault(error)) return false;
      throw error;
    }
  }

  /** @param ask asks the registry; by default for as long as it is away */
  async #look(
    id: number,
    signal: AbortSignal,
    ask = (): Promise<string> => this.#outlastRegistry(id, signal),
  ): Promise<WriterSchema> {
    const { copies, patience } = this.#options;
    const copy = await patience.outlast("redis", signal, () => copies.textById(id));
    if (copy === undefined) return await this.#askRegistry(id, ask, signal);
    // Each further question would take its whole time-out; the watch asks when it is back.
    if (this.#watch.away === undefined) await patience.once("registry", () => this.#watch.check(id, copy));
    return this.#remember(id, parse(copy));
  }

  async #outlastRegistry(id: number, signal: AbortSignal): Promise<string> {
    return await this.#options.patience.outlast("registry", signal, () => this.#textInRegistry(id));
  }

  /** Where what the registry says makes a dead letter it must be the one that the fleet began with: else it was emptied. */
  async #textInRegistry(id: number): Promise<string> {
    const { registry } = this.#options;
    try {
      const text = await registry.textById(id);
      if (parse(text).kind !== "known") await this.#requireOwn(id);
      return text;
    } catch (error) {
      if (error instanceof UnknownSchemaError) await this.#requireOwn(id);
      throw error;
    }
  }

  /** It knows the audit's own schema, which a start may have registered anew, and the newest that the audit has. */
  async #requireOwn(id: number): Promise<void> {
    const { auditSchemaId, copies } = this.#options;
    await this.#requireText(id, auditSchemaId, AUDIT_ENTRY_SCHEMA);
    const newest = await copies.newest();
    if (newest !== undefined) await this.#requireText(id, newest.schemaId, newest.text);
  }

  async #requireText(id: number, ownId: number, ownText: string): Promise<void> {
    try {
      if ((await this.#options.registry.textById(ownId)) === ownText) return;
    } catch (error) {
      if (!(error instanceof UnknownSchemaError)) throw error;
    }
    throw new EmptiedRegistryError(id, ownId);
  }

  async #askRegistry(id: number, ask: () => Promise<string>, signal: AbortSignal): Promise<WriterSchema> {
    let text: string;
    try {
      text = await ask();
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
