import type { SchemaCopies } from "../schema-copies.js";

/** Schema copies in a map, for tests. */
export class MemorySchemaCopies implements SchemaCopies {
  readonly #texts = new Map<number, string>();
  #auditSchemaId: number | undefined;
  #isComplete = false;

  textById(schemaId: number): Promise<string | undefined> {
    return Promise.resolve(this.#texts.get(schemaId));
  }

  newest(): Promise<{ schemaId: number; text: string } | undefined> {
    const schemaId = Math.max(0, ...this.#texts.keys());
    const text = this.#texts.get(schemaId);
    return Promise.resolve(text === undefined ? undefined : { schemaId, text });
  }

  keepIfAbsent(schemaId: number, text: string): Promise<string> {
    const standing = this.#texts.get(schemaId) ?? text;
    this.#texts.set(schemaId, standing);
    return Promise.resolve(standing);
  }

  auditSchemaId(): Promise<number | undefined> {
    return Promise.resolve(this.#auditSchemaId);
  }

  keepAuditSchemaId(schemaId: number): Promise<number> {
    return Promise.resolve((this.#auditSchemaId ??= schemaId));
  }

  isComplete(): Promise<boolean> {
    return Promise.resolve(this.#isComplete);
  }

  markComplete(): Promise<void> {
    this.#isComplete = true;
    return Promise.resolve();
  }

  /** Loses all, as an emptied store does. */
  lose(): void {
    this.#texts.clear();
    this.#auditSchemaId = undefined;
    this.#isComplete = false;
  }
}
