import { randomUUID } from "node:crypto";
import { loadSettings } from "../settings/index.js";
import { ConfluentSchemaRegistry } from "./confluent-schema-registry.js";
import { describeSchemaRegistry } from "./schema-registry.contract.js";

describeSchemaRegistry("ConfluentSchemaRegistry", () => ({
  registry: new ConfluentSchemaRegistry(loadSettings().registry),
  subject: `foundation-${randomUUID()}.events-value`,
}));
