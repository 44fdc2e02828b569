import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  canonicalJson,
  compareCodePoints,
  emptyAttributes,
  inCanonicalOrder,
  type Attributes,
} from "./attributes.js";

const value = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const attributes = fc.dictionary(fc.string({ unit: "binary" }), value);

test("an empty set of attributes has nothing of any name", () => {
  const set = emptyAttributes();
  for (const name of ["constructor", "toString", "__proto__", "a"]) {
    expect([name in set, set[name]]).toEqual([false, undefined]);
    set[name] = 1;
  }
  expect(Object.entries(set)).toHaveLength(4);
  expect(Object.keys(emptyAttributes())).toEqual([]);
});

describe("canonicalJson", () => {
  test("is what JSON.stringify says of each member, whatever other sets were written before", () => {
    const value = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.boolean(),
    );
    const keys = fc.constantFrom("a", "b", "é", "10", "9", '"', "__proto__");
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(fc.tuple(keys, value), { selector: ([key]) => key })), (sets) => {
        for (const members of sets) {
          const set = emptyAttributes();
          for (const [key, of] of members) set[key] = of;
          const sorted = members.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          const printed = sorted.map(([key, of]) => `${JSON.stringify(key)}:${JSON.stringify(of)}`);
          expect(canonicalJson(set)).toBe(`{${printed.join(",")}}`);
        }
      }),
    );
  });

  test("escapes what JSON.stringify escapes, wherever it stands", () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const character = String.fromCharCode(unit);
      for (const text of [character, `a${character}`, `${character}\n`])
        if (canonicalJson({ text }) !== JSON.stringify({ text })) throw new Error(`of unit ${unit}: ${text}`);
    }
  });

  test("is the same whatever order the columns come in", () => {
    fc.assert(
      fc.property(attributes, (set) => {
        const reversed = Object.fromEntries(Object.entries(set).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(set));
      }),
    );
  });

  test("parses back to what it was made of", () => {
    fc.assert(
      fc.property(attributes, (set) => {
        const expected = Object.fromEntries(
          Object.entries(set).map(([k, v]) => [k, Object.is(v, -0) ? 0 : v]),
        );
        expect(JSON.parse(canonicalJson(set))).toEqual(expected);
      }),
    );
  });

  test("sorts by code point, where UTF-16 would put U+FF5E after an emoji", () => {
    expect(canonicalJson({ "😀": 1, "～": 2, b: 3, B: 4 })).toBe('{"B":4,"b":3,"～":2,"😀":1}');
  });

  test("writes the shortest number and leaves absent cells out", () => {
    const withAbsent = { x: 1.0, y: -0, z: 1e21, absent: undefined, nothing: null } as unknown as Attributes;
    expect(canonicalJson(withAbsent)).toBe('{"x":1,"y":0,"z":1e+21}');
  });

  test("keeps a column named __proto__", () => {
    expect(canonicalJson(JSON.parse('{"__proto__": 1}') as Attributes)).toBe('{"__proto__":1}');
  });
});

test("inCanonicalOrder shows attributes as their canonical JSON does", () => {
  const shown = inCanonicalOrder({ speed: 1, "battery (%)": 2, "😀": true, "～": "x" });
  expect(JSON.stringify(shown)).toBe(canonicalJson(shown));
  expect(Object.keys(shown)).toEqual(["battery (%)", "speed", "～", "😀"]);
});

test("compareCodePoints agrees with comparing the code points themselves", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareCodePoints(a, b))).toBe(bytes);
    }),
  );
});
