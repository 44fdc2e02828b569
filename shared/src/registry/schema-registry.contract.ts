import { beforeEach, describe, expect, test } from "@jest/globals";
import { IncompatibleSchemaError, UnknownSchemaError } from "./registry-errors.js";
import type { SchemaRegistry } from "./schema-registry.js";

/** A registry for one test, with a subject that nobody else uses. */
export interface RegistryUnderTest {
  readonly registry: SchemaRegistry;
  readonly subject: string;
}

/** An id that no registry of a test reaches. */
const UNUSED_ID = 2_000_000_000;

/** A schema of our kind: a head, then nullable columns. `name` keeps the ids of tests apart. */
function schemaText(name: string, columns: Readonly<Record<string, string>>): string {
  const nullable = Object.entries(columns).map(([column, type]) => ({
    name: column,
    type: ["null", type],
    default: null,
  }));
  return JSON.stringify({ type: "record", name, fields: [{ name: "user", type: "string" }, ...nullable] });
}

/** What every registry must do, in memory and over HTTP. */
export function describeSchemaRegistry(name: string, make: () => RegistryUnderTest): void {
  describe(`${name} as a schema registry`, () => {
    let registry: SchemaRegistry;
    let subject: string;
    let record: string;
    beforeEach(() => {
      ({ registry, subject } = make());
      record = subject.replaceAll(/[^A-Za-z0-9]/g, "_");
    });

    test("gives back the very text that was registered", async () => {
      const text = schemaText(record, { speed: "double", température: "double" }).replace(
        "température",
        "temp",
      );
      await registry.requireCompatibility(subject);
      const id = await registry.register(subject, text);
      expect(await registry.textById(id)).toBe(text);
      expect(await registry.latest(subject)).toEqual({ id, text });
    });

    test("gives the same id for the same text", async () => {
      const text = schemaText(record, { speed: "double" });
      const id = await registry.register(subject, text);
      expect(await registry.register(subject, text)).toBe(id);
    });

    test("takes a column that is added, and one that is left out", async () => {
      const narrow = schemaText(record, { speed: "double" });
      const wide = schemaText(record, { speed: "double", fuel: "double" });
      const other = schemaText(record, { fuel: "double" });
      const ids = [];
      for (const text of [narrow, wide, other]) ids.push(await registry.register(subject, text));
      expect(new Set(ids).size).toBe(3);
      expect(await registry.latest(subject)).toEqual({ id: ids[2], text: other });
      expect(await registry.textById(ids[0] as number)).toBe(narrow);
    });

    test("refuses a column that changes its type, and keeps what it had", async () => {
      const text = schemaText(record, { speed: "long" });
      const id = await registry.register(subject, text);
      const changed = registry.register(subject, schemaText(record, { speed: "string" }));
      await expect(changed).rejects.toBeInstanceOf(IncompatibleSchemaError);
      await expect(changed).rejects.toMatchObject({ subject });
      expect(await registry.latest(subject)).toEqual({ id, text });
    });

    test("holds a new version against all earlier ones, not the last alone", async () => {
      await registry.register(subject, schemaText(record, { speed: "long" }));
      await registry.register(subject, schemaText(record, { fuel: "double" }));
      const changed = registry.register(subject, schemaText(record, { speed: "string" }));
      await expect(changed).rejects.toBeInstanceOf(IncompatibleSchemaError);
    });

    test("tells an id that it does not have from a fault", async () => {
      const asked = registry.textById(UNUSED_ID);
      await expect(asked).rejects.toBeInstanceOf(UnknownSchemaError);
      await expect(asked).rejects.toMatchObject({ schemaId: UNUSED_ID });
    });

    test("has no latest version of a subject without any, even once its compatibility is set", async () => {
      expect(await registry.latest(subject)).toBeUndefined();
      await registry.requireCompatibility(subject);
      expect(await registry.latest(subject)).toBeUndefined();
    });
  });
}
