import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { COMMA, EXPONENT, NUMBER, numberForm, PADDED, POINT } from "./number-form.js";

/** Characters that numbers are made of, and some that come near. */
const NEARLY = ["0", "0", "1", "9", "+", "-", ".", ",", "e", "E", " ", "\n", "é"];

/** The same by regular expressions, one for each thing that there is to tell. */
function formByExpressions(text: string): number {
  if (!/^[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return 0;
  return (
    NUMBER +
    (text.includes(".") ? POINT : 0) +
    (text.includes(",") ? COMMA : 0) +
    (/e/i.test(text) ? EXPONENT : 0) +
    (/^\+|^-?0\d/.test(text) ? PADDED : 0)
  );
}

describe("the form of a number", () => {
  it.each([
    ["0", NUMBER],
    ["-12", NUMBER],
    ["-0", NUMBER],
    ["1.50", NUMBER | POINT],
    ["0,5", NUMBER | COMMA],
    ["1e3", NUMBER | EXPONENT],
    ["1.5E-07", NUMBER | POINT | EXPONENT],
    ["007", NUMBER | PADDED],
    ["-00.5", NUMBER | POINT | PADDED],
    ["+1", NUMBER | PADDED],
    ["", 0],
    ["-", 0],
    ["--1", 0],
    ["1.", 0],
    [".5", 0],
    ["1.2.3", 0],
    ["1,234.5", 0],
    ["1e", 0],
    ["1e+", 0],
    ["1e5.5", 0],
    ["e5", 0],
    [" 1", 0],
    ["1\n", 0],
    ["0x10", 0],
    ["NaN", 0],
    ["Infinity", 0],
    ["١", 0],
  ])("%j has %i", (text, form) => {
    expect(numberForm(text)).toBe(form);
  });

  it("is what regular expressions tell of any text", () => {
    const nearlyNumber = fc.string({ unit: fc.constantFrom(...NEARLY), maxLength: 9 });
    const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.bigInt()).map(String);
    fc.assert(
      fc.property(fc.oneof(nearlyNumber, anyNumber, fc.string()), (text) => {
        expect(numberForm(text)).toBe(formByExpressions(text));
      }),
      { numRuns: 2000 },
    );
  });
});
