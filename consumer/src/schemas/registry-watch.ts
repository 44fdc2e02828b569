import {
  RegistryUnavailableError,
  UnknownSchemaError,
  type Logger,
  type SchemaRegistry,
} from "@lastknown/shared";
import { schemaConflict } from "./schema-conflict.js";

export interface RegistryWatchOptions {
  readonly registry: Pick<SchemaRegistry, "textById">;
  /** The schemas in use: id → the text that counts. */
  readonly known: () => ReadonlyMap<number, string>;
  /** Id of the audit's own schema: what the registry is asked for while no other is known. */
  readonly auditSchemaId: number;
  readonly auditTopic: string;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/**
 * Looks now and then, beside the work, whether the registry is there and an id still means what it meant. Nobody waits
 * for it: a registry that does not answer, or does not know an id, says nothing against the text that is known.
 */
export class RegistryWatch {
  readonly #options: RegistryWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #away: string | undefined;
  #conflict: Error | undefined;

  constructor(options: RegistryWatchOptions) {
    this.#options = options;
  }

  /** Why the registry did not answer when it was asked last; undefined where it did. */
  get away(): string | undefined {
    return this.#away;
  }

  /** Set once a look has found another text for an id. */
  get conflict(): Error | undefined {
    return this.#conflict;
  }

  /** The first look is at once. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.#look(), this.#options.intervalMs);
    // Whatever comes of it is handled inside.
    void this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Asks once.
   *
   * @throws FatalError where the registry has another text for the id
   */
  async check(id: number, text: string): Promise<void> {
    const { auditTopic } = this.#options;
    const found = await this.#ask(id);
    if (found !== undefined && found !== text) throw schemaConflict(id, "in the registry", auditTopic);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { known, auditSchemaId } = this.#options;
    try {
      const texts = [...known()];
      if (texts.length === 0) await this.#ask(auditSchemaId);
      for (const [id, text] of texts) {
        await this.check(id, text);
        // Each further question would take its whole time-out.
        if (this.#away !== undefined) return;
      }
    } catch (error) {
      this.#conflict = error as Error;
    } finally {
      this.#isLooking = false;
    }
  }

  async #ask(id: number): Promise<string | undefined> {
    const { registry, logger } = this.#options;
    try {
      const text = await registry.textById(id);
      this.#isThere();
      return text;
    } catch (error) {
      if (error instanceof RegistryUnavailableError) {
        if (this.#away === undefined) logger.warn("registry away, known schemas go on", { error });
        this.#away = error.message;
      } else if (error instanceof UnknownSchemaError) {
        this.#isThere();
        logger.warn("the registry does not know a schema that is in use", { schemaId: id });
      } else throw error;
      return undefined;
    }
  }

  #isThere(): void {
    if (this.#away !== undefined) this.#options.logger.info("registry is there again");
    this.#away = undefined;
  }
}
