import avsc, { type Schema, type Type } from "avsc";
import { IncompatibleSchemaError, RegistryUnavailableError, UnknownSchemaError } from "./registry-errors.js";
import type { RegisteredSchema, SchemaRegistry } from "./schema-registry.js";

/** A registry in memory, for tests. It checks FULL_TRANSITIVE always, as every subject of ours must. */
export class MemorySchemaRegistry implements SchemaRegistry {
  /** Set to false to be a registry that is down. */
  isReachable = true;
  /** By id minus one; the same text has one id under all subjects. */
  readonly #texts: string[] = [];
  /** The versions of each subject, the oldest first. */
  readonly #subjects = new Map<string, RegisteredSchema[]>();

  async textById(id: number): Promise<string> {
    this.#assertReachable();
    const text = this.#texts[id - 1];
    if (text === undefined) throw new UnknownSchemaError(id);
    return await Promise.resolve(text);
  }

  async register(subject: string, text: string): Promise<number> {
    this.#assertReachable();
    const versions = this.#subjects.get(subject) ?? [];
    const known = versions.find((version) => version.text === text);
    if (known !== undefined) return known.id;
    for (const version of versions) assertCompatible(subject, text, version.text);

    const id = this.#idOf(text);
    this.#subjects.set(subject, [...versions, { id, text }]);
    return await Promise.resolve(id);
  }

  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    this.#assertReachable();
    return await Promise.resolve(this.#subjects.get(subject)?.at(-1));
  }

  async requireCompatibility(_subject: string): Promise<void> {
    this.#assertReachable();
    await Promise.resolve();
  }

  #idOf(text: string): number {
    const index = this.#texts.indexOf(text);
    return index >= 0 ? index + 1 : this.#texts.push(text);
  }

  #assertReachable(): void {
    if (!this.isReachable) throw new RegistryUnavailableError("memory", "it was switched off");
  }
}

/** Each must be able to read what the other writes. */
function assertCompatible(subject: string, oneText: string, otherText: string): void {
  const one = parse(oneText);
  const other = parse(otherText);
  try {
    one.createResolver(other);
    other.createResolver(one);
  } catch (error) {
    throw new IncompatibleSchemaError(subject, error instanceof Error ? error.message : String(error), error);
  }
}

function parse(text: string): Type {
  return avsc.Type.forSchema(JSON.parse(text) as Schema);
}
