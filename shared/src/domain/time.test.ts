import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { EARLIEST_MICROS, LATEST_MICROS, printTime, PRINTED_TIME_BYTES, writeTimeText } from "./time.js";

const micros = fc.integer({ min: EARLIEST_MICROS, max: LATEST_MICROS });

test("a time is written as bytes as it is printed", () => {
  fc.assert(
    fc.property(micros, micros, (first, second) => {
      const bytes = Buffer.alloc(2 * PRINTED_TIME_BYTES + 1, "-");
      expect(writeTimeText(bytes, writeTimeText(bytes, 0, first), second)).toBe(2 * PRINTED_TIME_BYTES);
      expect(bytes.toString()).toBe(`${printTime(first)}${printTime(second)}-`);
    }),
  );
});
