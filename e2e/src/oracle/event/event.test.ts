import { describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { canonicalJson, sortedByCodePoint, type CellValue } from "./canonical-json.js";
import { contentId, givenId } from "./event-id.js";
import { bucketOf, murmur2, partitionOf } from "./partition.js";

describe("canonicalJson", () => {
  it("sorts by code point, so U+FFFD comes before an emoji", () => {
    const attributes: [string, CellValue][] = [
      ["b", "x"],
      ["😀", 1],
      ["\ufffd", true],
      ["B", -0],
      ["__proto__", 1e21],
    ];
    expect(canonicalJson(sortedByCodePoint(attributes, ([name]) => name))).toBe(
      '{"B":0,"__proto__":1e+21,"b":"x","\ufffd":true,"😀":1}',
    );
    expect(canonicalJson([])).toBe("{}");
  });
});

describe("event ids", () => {
  it("hash exactly the bytes of the contract, as sha256sum does", () => {
    const time = "0000000000000005";
    const bytes = `00000003c3a962${"00000008"}${time}00000007${Buffer.from('{"a":1}').toString("hex")}`;
    expect(contentId("éb", 5n, '{"a":1}')).toBe(sha256(bytes).slice(0, 32));
    expect(contentId("éb", -1n, '{"a":1}')).toBe(sha256(bytes.replace(time, "f".repeat(16))).slice(0, 32));
    expect(givenId("u", "17")).toBe(sha256("0000000175000000023137").slice(0, 32));
  });
});

describe("murmur2", () => {
  // From the tests of the Java client (UtilsTest.testMurmur2), as unsigned numbers.
  const vectors: [string, number][] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ];

  it.each(vectors)("of %s is the Java client's", (text, expected) => {
    expect(Number(BigInt.asIntN(32, murmur2(Buffer.from(text))))).toBe(expected);
  });

  it("keeps a partition's users in buckets of their own", () => {
    expect(partitionOf("21", 16)).toBe((-973932308 & 0x7fffffff) % 16);
    expect(bucketOf("21") % 16).toBe(partitionOf("21", 16));
  });
});

function sha256(hex: string): string {
  return (
    execFileSync("sha256sum", { input: Buffer.from(hex, "hex") })
      .toString()
      .split(" ")[0] ?? ""
  );
}
