import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson } from "@lastknown/shared";
import { AttributesReader } from "./attributes-reader.js";
import { mapColumns } from "./column-mapping.js";
import { learn, noFacts, typeOf } from "./column-type.js";

function inferred(values: readonly string[], commaAllowed = false): string | undefined {
  const facts = noFacts();
  for (const value of values) learn(facts, value, commaAllowed);
  return typeOf(facts);
}

describe("the type of a column", () => {
  it.each([
    [["1", "-2.5", "0", "1e3", "-0.5E-7"], "double"],
    [["1e400", "1"], "double"],
    [["007"], "string"],
    [["+1"], "string"],
    [[".5"], "string"],
    [["1."], "string"],
    [[" 1"], "string"],
    [["1,5"], "string"],
    [["9007199254740991"], "double"],
    [["9007199254740992"], "string"],
    [["-9007199254740993"], "string"],
    [["NaN"], "string"],
    [["Infinity"], "string"],
    [["0x10"], "string"],
    [["true", "false"], "boolean"],
    [["true", "1"], "string"],
    [["True"], "string"],
    [[], undefined],
  ])("of %j is %s", (values, type) => {
    expect(inferred(values)).toBe(type);
  });

  it("takes a comma before the fraction where it is allowed, but not beside a point", () => {
    expect(inferred(["1,5", "2"], true)).toBe("double");
    expect(inferred(["1,5", "2.5"], true)).toBe("string");
    expect(inferred(["1.234,5"], true)).toBe("string");
  });
});

describe("the attributes of a row", () => {
  it("have the identity that the canonical JSON of their values gives, without what is no part of it", () => {
    const header = ["user", "ts", "b", "ä", "\u{1f600}", "\uff5e", "poll"];
    const mapping = mapColumns(header, { notIdentity: ["poll"] });
    const types = new Map([
      ["b", "double"],
      ["ä", "string"],
      ["\u{1f600}", "boolean"],
      ["\uff5e", "string"],
      ["poll", "double"],
    ] as const);
    const reader = new AttributesReader(mapping, types, false);
    const cells = fc.tuple(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.string({ unit: "binary" }),
      fc.constantFrom("true", "false", ""),
      fc.string(),
      fc.nat().map(String),
    );
    fc.assert(
      fc.property(cells, (values) => {
        const read = reader.read(["u", "t", ...values]);
        if ("reason" in read) throw new Error(read.detail);
        const { poll, ...identity } = read.attributes;
        expect(poll).toBe(Number(values[4]));
        expect(read.identityJson).toBe(canonicalJson(identity));
      }),
    );
  });
});
