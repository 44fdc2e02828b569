/** The latest version of a subject's schema. */
export interface RegisteredSchema {
  readonly id: number;
  readonly text: string;
}

/**
 * Where writer schemas have their ids. Every call ends within the registry's request time-out, or within the
 * time-outs of its few attempts where the caller asked for retries, and throws RegistryUnavailableError when
 * the registry could not be asked.
 */
export interface SchemaRegistry {
  /** The schema's text, as the registry has it now. Throws UnknownSchemaError only when the registry itself says that there is none. */
  textById(id: number): Promise<string>;
  /** The id of this text under the subject: the same text has the same id. Throws IncompatibleSchemaError. */
  register(subject: string, text: string): Promise<number>;
  latest(subject: string): Promise<RegisteredSchema | undefined>;
  /**
   * Sets the subject's compatibility to FULL_TRANSITIVE and verifies it. Call it before the first registration:
   * a registry's default may check nothing.
   */
  requireCompatibility(subject: string): Promise<void>;
}
