import { bucketsOfPartition } from "@lastknown/shared";

/**
 * What each bucket of the assignment must have stored as its progress: where the assignment began, then what the
 * store acknowledged last. The store having less means that it lost it.
 */
export class BucketProgress {
  readonly #partitions: number;
  readonly #progress = new Map<number, number>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  expected(bucket: number): number {
    return this.#progress.get(bucket) ?? 0;
  }

  acknowledged(bucket: number, progress: number): void {
    this.#progress.set(bucket, progress);
  }

  buckets(partition: number): number[] {
    return bucketsOfPartition(partition, this.#partitions);
  }
}
