import { describe, expect, test } from "@jest/globals";
import {
  AUDIT_ENTRY_SCHEMA,
  evolveEventSchema,
  MemoryLog,
  MemorySchemaRegistry,
  RegistryUnavailableError,
  silentLogger,
  type SchemaRegistry,
} from "@lastknown/shared";
import { Patience } from "../faults/patience.js";
import { MemorySchemaCopies } from "../schemas/memory/memory-schema-copies.js";
import { WriterSchemas } from "./writer-schemas.js";

const AUDIT_SCHEMA_ID = 1;
const SPEED = evolveEventSchema(undefined, [{ header: "speed", type: "double" }]).text;
const COLOUR = evolveEventSchema(undefined, [{ header: "colour", type: "string" }]).text;
/** An Avro schema, but of no event. */
const otherNamed = (name: string): string => JSON.stringify({ type: "record", name, fields: [] });
/** Far longer than an answer takes. */
const WAITS_MS = 300;

function schemasWith(registry: SchemaRegistry, copies: MemorySchemaCopies): WriterSchemas {
  return new WriterSchemas({
    registry,
    copies,
    reader: new MemoryLog({ topics: { audit: 1 } }),
    auditTopic: "audit",
    auditSchemaId: AUDIT_SCHEMA_ID,
    patience: new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger }),
    logger: silentLogger,
  });
}

/**
 * What a worker takes schema 3 for. Before the registry was emptied the audit's own was 1, 2 is in the audit, and
 * records of 3 wait.
 *
 * @param registered what it has been given since, in this order
 */
async function kindOf3(...registered: readonly string[]): Promise<string> {
  const copies = new MemorySchemaCopies();
  await copies.keepIfAbsent(2, SPEED);
  const registry = new MemorySchemaRegistry();
  for (const [index, text] of registered.entries()) await registry.register(`subject ${index}`, text);
  const ending = new AbortController();
  const asked = schemasWith(registry, copies)
    .ofIds([3], ending.signal)
    .then(
      (schemas) => schemas.get(3)?.kind ?? "none",
      () => "waits",
    );
  setTimeout(() => ending.abort(new Error("enough")), WAITS_MS);
  return await asked;
}

describe("a registry that was emptied makes no dead letter", () => {
  test.each([
    ["that is empty still", []],
    ["that was given the audit's own schema anew", [AUDIT_ENTRY_SCHEMA]],
    ["that has somebody else's schema under the audit's own id", [otherNamed("A")]],
    ["that has another under the newest id in use", [AUDIT_ENTRY_SCHEMA, COLOUR]],
    ["that has a schema of no event under the record's id", ["A", "B", "C"].map(otherNamed)],
  ])("%s", async (_what, registered) => {
    expect(await kindOf3(...registered)).toBe("waits");
  });

  test.each([
    ["unknown", [AUDIT_ENTRY_SCHEMA, SPEED]],
    ["wrong-head", [AUDIT_ENTRY_SCHEMA, SPEED, otherNamed("A")]],
    ["known", [AUDIT_ENTRY_SCHEMA, SPEED, COLOUR]],
  ])("but one that was not is believed: %s", async (kind, registered) => {
    expect(await kindOf3(...registered)).toBe(kind);
  });
});

test("a registry that hangs is asked once at a start, not for each schema that is known", async () => {
  const copies = new MemorySchemaCopies();
  const ids = Array.from({ length: 20 }, (_, index) => index + 1);
  for (const id of ids) await copies.keepIfAbsent(id, SPEED);
  let asked = 0;
  const registry = {
    textById: async () => {
      asked++;
      await new Promise(setImmediate);
      throw new RegistryUnavailableError("http://test", "no answer within the time-out");
    },
  } as unknown as SchemaRegistry;
  await schemasWith(registry, copies).ofIds(ids, new AbortController().signal);
  expect(asked).toBe(1);
});
