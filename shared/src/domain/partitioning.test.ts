import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { JAVA_MURMUR2_VECTORS } from "./murmur2-vectors.js";
import { bucketOf, BUCKETS, bucketsOfPartition, murmur2, partitionOf } from "./partitioning.js";

/** Murmur2 in BigInt, straight from its definition on 32-bit words: slow, and written apart from the product's. */
function murmur2InBigInt(bytes: Uint8Array): number {
  const u32 = (x: bigint): bigint => x & 0xffffffffn;
  const m = 0x5bd1e995n;
  let h = u32(0x9747b28cn ^ BigInt(bytes.length));
  const view = Buffer.from(bytes);
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    let k = u32(BigInt(view.readUInt32LE(at)) * m);
    k = u32((k ^ (k >> 24n)) * m);
    h = u32(h * m) ^ k;
  }
  const tail = view.subarray(at);
  tail.forEach((byte, index) => (h ^= BigInt(byte) << BigInt(8 * index)));
  if (tail.length > 0) h = u32(h * m);
  h = u32((h ^ (h >> 13n)) * m);
  return Number((h ^ (h >> 15n)) & 0x7fffffffn);
}

describe("murmur2", () => {
  test.each(JAVA_MURMUR2_VECTORS)("of %s is what the Java client computes", (hex, expected) => {
    expect(murmur2(Buffer.from(hex, "hex"))).toBe(expected);
  });

  test("follows the definition for every input", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(murmur2(bytes)).toBe(murmur2InBigInt(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([1, 2, 16, 64, 256])("each of %d partitions owns the buckets of its users, whole", (partitions) => {
  const owners = new Map<number, number>();
  for (let partition = 0; partition < partitions; partition++) {
    for (const bucket of bucketsOfPartition(partition, partitions)) owners.set(bucket, partition);
  }
  expect(owners.size).toBe(BUCKETS);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (user) => {
      const bytes = Buffer.from(user);
      expect(owners.get(bucketOf(bytes))).toBe(partitionOf(bytes, partitions));
    }),
  );
});
