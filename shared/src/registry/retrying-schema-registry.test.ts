import { describe, expect, it } from "@jest/globals";
import { MemorySchemaRegistry } from "./memory-schema-registry.js";
import { RegistryUnavailableError, UnknownSchemaError } from "./registry-errors.js";
import { RetryingSchemaRegistry } from "./retrying-schema-registry.js";

/** A registry that is down for its first calls. */
class FailingRegistry extends MemorySchemaRegistry {
  calls = 0;
  readonly #failures: number;

  constructor(failures: number) {
    super();
    this.#failures = failures;
  }

  override async textById(id: number): Promise<string> {
    this.calls += 1;
    this.isReachable = this.calls > this.#failures;
    return await super.textById(id);
  }
}

const options = { attemptsMax: 3, delayMs: 1, delayMaxMs: 2 };

describe("RetryingSchemaRegistry", () => {
  it("asks again while the registry cannot be reached", async () => {
    const registry = new FailingRegistry(2);
    const id = await registry.register("subject", '"string"');
    expect(await new RetryingSchemaRegistry(registry, options).textById(id)).toBe('"string"');
    expect(registry.calls).toBe(3);
  });

  it("gives up after its attempts with the registry's own error", async () => {
    const registry = new FailingRegistry(99);
    const asked = new RetryingSchemaRegistry(registry, options).textById(1);
    await expect(asked).rejects.toBeInstanceOf(RegistryUnavailableError);
    expect(registry.calls).toBe(3);
  });

  it("does not ask again what was answered", async () => {
    const registry = new FailingRegistry(0);
    await expect(new RetryingSchemaRegistry(registry, options).textById(7)).rejects.toBeInstanceOf(
      UnknownSchemaError,
    );
    expect(registry.calls).toBe(1);
  });
});
