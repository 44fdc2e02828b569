import { bucketOf } from "../domain/partitioning.js";

/**
 * Every key that a fleet has in Redis. The bucket is the hash tag and comes before the user's id, so no id,
 * whatever braces it holds, can choose its own slot; and a bucket's keys live together, so one call can
 * change them atomically.
 */
export class RedisKeys {
  readonly #fleet: string;

  constructor(fleet: string) {
    this.#fleet = fleet;
  }

  /** A hash with the fields of STATE_FIELDS. */
  state(user: string, bucket: number = bucketOf(Buffer.from(user))): string {
    return `${this.#fleet}{${bucket}}:user:${user}`;
  }

  /** The offset up to which the bucket is applied: the first one that is not. */
  progress(bucket: number): string {
    return `${this.#fleet}{${bucket}}:progress`;
  }

  /** A hash that stands while the bucket is rebuilt from the audit: `id` of the rebuild, `calls` made by it. */
  rebuild(bucket: number): string {
    return `${this.#fleet}{${bucket}}:rebuild`;
  }

  /** The fleet record, as JSON. */
  fleetRecord(): string {
    return `${this.#fleet}{0}:fleet`;
  }

  /** A hash: schema id → text, as the audit's copies have it, and the fields of SCHEMA_COPY_MARKS. */
  schemaCopies(): string {
    return `${this.#fleet}{0}:schemas`;
  }
}

/** The fields of a user's hash. The times are ISO 8601 with six digits, attributes canonical JSON. */
export const STATE_FIELDS = {
  order: "order",
  timeStamp: "time_stamp",
  sts: "sts",
  attributes: "attributes",
  /** `<topic>/<partition>/<offset>` of one of the winner's arrivals. */
  source: "source",
} as const;

/** A progress as it stands in Redis; undefined for what no worker can have written. The script reads it the same. */
export function parseProgress(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
