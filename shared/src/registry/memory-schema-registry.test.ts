import { expect, test } from "@jest/globals";
import { MemorySchemaRegistry } from "./memory-schema-registry.js";
import { RegistryUnavailableError } from "./registry-errors.js";
import { describeSchemaRegistry } from "./schema-registry.contract.js";

describeSchemaRegistry("MemorySchemaRegistry", () => ({
  registry: new MemorySchemaRegistry(),
  subject: "fleet.events-value",
}));

test("MemorySchemaRegistry can be switched off", async () => {
  const registry = new MemorySchemaRegistry();
  registry.isReachable = false;
  await expect(registry.textById(1)).rejects.toBeInstanceOf(RegistryUnavailableError);
});
