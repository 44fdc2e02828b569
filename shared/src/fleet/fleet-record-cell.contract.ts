import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { FleetRecordCell } from "./fleet-record-copies.js";

/** One place for one test, empty, as two processes see it. */
export interface FleetRecordCellUnderTest {
  readonly cell: FleetRecordCell;
  readonly seenByAnother: FleetRecordCell;
  close(): Promise<void>;
}

/** What every place of the fleet record must do, in memory and in Redis. */
export function describeFleetRecordCell(name: string, make: () => Promise<FleetRecordCellUnderTest>): void {
  describe(`${name} as the fleet record's place`, () => {
    let place: FleetRecordCellUnderTest;
    beforeEach(async () => {
      place = await make();
    });
    afterEach(() => place.close());

    test("holds nothing until something is written", async () => {
      expect(await place.cell.read()).toBeUndefined();
      expect(await place.cell.writeIfAbsent("first")).toBe("first");
      expect(await place.cell.read()).toBe("first");
    });

    test("keeps what was written first, and gives it to whoever writes after", async () => {
      await place.cell.writeIfAbsent("first");
      expect(await place.seenByAnother.writeIfAbsent("second")).toBe("first");
      expect([await place.cell.read(), await place.seenByAnother.read()]).toEqual(["first", "first"]);
    });

    test("gives all that write at once the same one of their texts", async () => {
      const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
      const given = await Promise.all(
        texts.map((text, index) => (index % 2 ? place.cell : place.seenByAnother).writeIfAbsent(text)),
      );
      expect(new Set(given)).toEqual(new Set([await place.cell.read()]));
      expect(texts).toContain(given[0]);
    });

    test("gives back a text as it is", async () => {
      const text = '{"id":"é\u{1f68c}","layout":1}\n';
      await place.cell.writeIfAbsent(text);
      expect(await place.seenByAnother.read()).toBe(text);
    });
  });
}
