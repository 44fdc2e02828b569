import type { RegisteredSchema, SchemaRegistry } from "@lastknown/shared";

/** A registry in which something happens just before each registration, after the latest version was read. */
export class OvertakenRegistry implements SchemaRegistry {
  readonly #inner: SchemaRegistry;
  readonly #overtake: (registration: number) => Promise<unknown>;
  registrations = 0;

  constructor(inner: SchemaRegistry, overtake: (registration: number) => Promise<unknown>) {
    this.#inner = inner;
    this.#overtake = overtake;
  }

  async register(subject: string, text: string): Promise<number> {
    this.registrations++;
    await this.#overtake(this.registrations);
    return await this.#inner.register(subject, text);
  }

  textById(id: number): Promise<string> {
    return this.#inner.textById(id);
  }

  latest(subject: string): Promise<RegisteredSchema | undefined> {
    return this.#inner.latest(subject);
  }

  requireCompatibility(subject: string): Promise<void> {
    return this.#inner.requireCompatibility(subject);
  }
}
