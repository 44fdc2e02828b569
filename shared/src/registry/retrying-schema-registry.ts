import { ExponentialBackoff, handleType, retry, type RetryPolicy } from "cockatiel";
import { RegistryUnavailableError } from "./registry-errors.js";
import type { RegisteredSchema, SchemaRegistry } from "./schema-registry.js";

export interface RetryingSchemaRegistryOptions {
  /** Tries of one call, the first included. */
  readonly attemptsMax: number;
  readonly delayMs: number;
  /** The longest pause; pauses double up to it, with jitter. */
  readonly delayMaxMs: number;
}

/**
 * A registry that is asked again while it cannot be reached; what it answers is never asked twice. The last
 * attempt's error comes through.
 *
 * @example
 *   new RetryingSchemaRegistry(registry, { attemptsMax: 5, delayMs: 100, delayMaxMs: 2000 });
 */
export class RetryingSchemaRegistry implements SchemaRegistry {
  readonly #registry: SchemaRegistry;
  readonly #policy: RetryPolicy;

  constructor(registry: SchemaRegistry, { attemptsMax, delayMs, delayMaxMs }: RetryingSchemaRegistryOptions) {
    this.#registry = registry;
    this.#policy = retry(handleType(RegistryUnavailableError), {
      maxAttempts: attemptsMax - 1,
      backoff: new ExponentialBackoff({ initialDelay: delayMs, maxDelay: delayMaxMs }),
    });
  }

  async textById(id: number): Promise<string> {
    return await this.#policy.execute(() => this.#registry.textById(id));
  }

  async register(subject: string, text: string): Promise<number> {
    return await this.#policy.execute(() => this.#registry.register(subject, text));
  }

  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    return await this.#policy.execute(() => this.#registry.latest(subject));
  }

  async requireCompatibility(subject: string): Promise<void> {
    await this.#policy.execute(() => this.#registry.requireCompatibility(subject));
  }
}
