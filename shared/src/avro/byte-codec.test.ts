import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { sizeOfLong } from "./long.js";

/** Zigzag and base 128 in BigInt, as the Avro specification has them. */
function zigzagVarint(value: number): Buffer {
  let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Buffer.from(bytes);
}

const safeInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 200 }),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 52, -(2 ** 52) - 1),
  // Where one more byte is needed, or the other half begins.
  fc
    .tuple(fc.integer({ min: 5, max: 52 }), fc.constantFrom(-1, 0, 1), fc.constantFrom(-1, 1))
    .map(([bits, more, sign]) => sign * (2 ** bits + more)),
);

test("integers are written and read as the specification has them, over the whole exact range", () => {
  fc.assert(
    fc.property(safeInteger, (value) => {
      const writer = new ByteWriter();
      writer.long(value);
      const written = writer.take();
      expect(written.toString("hex")).toBe(zigzagVarint(value).toString("hex"));
      expect(sizeOfLong(value)).toBe(written.length);
      expect(new ByteReader(written).long()).toBe(value);
    }),
    { numRuns: 2000 },
  );
});

test("a writer grows past its first size and starts anew after each take", () => {
  const writer = new ByteWriter();
  for (const length of [10, 5000, 100_000, 3]) {
    writer.string("é".repeat(length));
    const reader = new ByteReader(writer.take());
    expect(reader.string()).toBe("é".repeat(length));
    expect(reader.atEnd).toBe(true);
  }
});

test("values that were taken stay as they were, while others are written behind them", () => {
  const writer = new ByteWriter();
  const lengths = Array.from({ length: 300 }, (_, index) => (index * 997) % 1500);
  const taken = lengths.map((length, index) => {
    writer.string(String(index % 10).repeat(length));
    return writer.take();
  });
  const texts = taken.map((value) => new ByteReader(value).string());
  expect(texts).toEqual(lengths.map((length, index) => String(index % 10).repeat(length)));
});
