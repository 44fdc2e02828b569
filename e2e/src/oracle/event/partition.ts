const MASK = 0xffff_ffffn;
const M = 0x5bd1_e995n;
const SEED = 0x9747_b28cn;
const BUCKETS = 256n;

/** Murmur2 as the Java client of Kafka computes it, by its definition: 32-bit words, little-endian. */
export function murmur2(content: Buffer): bigint {
  let hash = SEED ^ BigInt(content.length);
  let at = 0;
  for (; at + 4 <= content.length; at += 4) {
    let word = (BigInt(content.readUInt32LE(at)) * M) & MASK;
    word = ((word ^ (word >> 24n)) * M) & MASK;
    hash = ((hash * M) & MASK) ^ word;
  }
  const rest = content.subarray(at);
  for (let index = rest.length - 1; index >= 0; index--)
    hash ^= BigInt(rest[index] ?? 0) << BigInt(8 * index);
  if (rest.length > 0) hash = (hash * M) & MASK;
  hash = ((hash ^ (hash >> 13n)) * M) & MASK;
  return hash ^ (hash >> 15n);
}

/** The partition of a user's records among `partitions`. */
export function partitionOf(user: string, partitions: number): number {
  return Number((murmur2(Buffer.from(user)) & 0x7fff_ffffn) % BigInt(partitions));
}

/** The bucket of a user's state in Redis. */
export function bucketOf(user: string): number {
  return Number((murmur2(Buffer.from(user)) & 0x7fff_ffffn) % BUCKETS);
}
