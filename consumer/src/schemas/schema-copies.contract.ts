import { beforeEach, describe, expect, test } from "@jest/globals";
import type { SchemaCopies } from "./schema-copies.js";

export interface SchemaCopiesUnderTest {
  readonly copies: SchemaCopies;
  readonly seenByAnother: SchemaCopies;
  /** Empties the store. */
  lose(): Promise<void>;
}

/** What every store of schema copies must do, in memory and in Redis. */
export function describeSchemaCopies(name: string, make: () => SchemaCopiesUnderTest): void {
  describe(`${name} as a store of schema copies`, () => {
    let under: SchemaCopiesUnderTest;
    let copies: SchemaCopies;
    beforeEach(() => {
      under = make();
      copies = under.copies;
    });

    test("has nothing, and is not complete, until it is told", async () => {
      expect([await copies.textById(1), await copies.auditSchemaId(), await copies.isComplete()]).toEqual([
        undefined,
        undefined,
        false,
      ]);
      await copies.markComplete();
      expect(await under.seenByAnother.isComplete()).toBe(true);
    });

    test("keeps the first text of an id, and gives it to whoever has another", async () => {
      const first = '{"name":"é\u{1f68c}"}';
      expect(await copies.keepIfAbsent(1, first)).toBe(first);
      expect(await under.seenByAnother.keepIfAbsent(1, "{}")).toBe(first);
      expect(await copies.keepIfAbsent(2, "{}")).toBe("{}");
      expect([await copies.textById(1), await copies.textById(2)]).toEqual([first, "{}"]);
    });

    test("tells the copy with the greatest id", async () => {
      expect(await copies.newest()).toBeUndefined();
      for (const id of [2, 10, 9]) await copies.keepIfAbsent(id, `{"id":${id}}`);
      await copies.keepAuditSchemaId(70);
      await copies.markComplete();
      expect(await under.seenByAnother.newest()).toEqual({ schemaId: 10, text: '{"id":10}' });
    });

    test("keeps the first id of the audit's own schema", async () => {
      expect(await copies.keepAuditSchemaId(7)).toBe(7);
      expect(await under.seenByAnother.keepAuditSchemaId(8)).toBe(7);
      expect(await copies.auditSchemaId()).toBe(7);
    });

    test("is not complete any more once it lost what it had", async () => {
      await copies.keepIfAbsent(1, "{}");
      await copies.markComplete();
      await under.lose();
      expect([await copies.textById(1), await copies.isComplete()]).toEqual([undefined, false]);
    });
  });
}
