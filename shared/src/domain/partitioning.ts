/** Buckets divide the users evenly over Redis Cluster; fixed for the product's life, as keys hold the number. */
export const BUCKETS = 256;

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** Murmur2 of the bytes as the Java Kafka client computes it, as an unsigned 31-bit number (its `toPositive`). */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const wholeWords = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < wholeWords; at += 4) {
    let word =
      byte(bytes, at) |
      (byte(bytes, at + 1) << 8) |
      (byte(bytes, at + 2) << 16) |
      (byte(bytes, at + 3) << 24);
    word = Math.imul(word, M);
    word ^= word >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(word, M);
  }
  const rest = length & 3;
  if (rest === 3) hash ^= byte(bytes, wholeWords + 2) << 16;
  if (rest >= 2) hash ^= byte(bytes, wholeWords + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byte(bytes, wholeWords), M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

/** Where a user's records belong: the Java client's default for a keyed record. */
export function partitionOf(user: Uint8Array, partitions: number): number {
  return murmur2(user) % partitions;
}

/** The bucket of a user's state in Redis. As P divides 256, a partition owns whole buckets. */
export function bucketOf(user: Uint8Array): number {
  return murmur2(user) % BUCKETS;
}

/** The buckets whose users all live in this partition, in ascending order. */
export function bucketsOfPartition(partition: number, partitions: number): number[] {
  const buckets: number[] = [];
  for (let bucket = partition; bucket < BUCKETS; bucket += partitions) buckets.push(bucket);
  return buckets;
}
