import type { Cluster } from "ioredis";
import type { FleetRecordCell } from "../fleet/fleet-record-copies.js";
import { RedisKeys } from "../fleet/redis-keys.js";

/** The fleet record's copy in Redis, under a key of its own. Errors are ioredis's own. */
export class RedisFleetRecordCell implements FleetRecordCell {
  readonly #redis: Cluster;
  readonly #key: string;

  constructor(redis: Cluster, fleet: string) {
    this.#redis = redis;
    this.#key = new RedisKeys(fleet).fleetRecord();
  }

  async read(): Promise<string | undefined> {
    return (await this.#redis.get(this.#key)) ?? undefined;
  }

  async writeIfAbsent(text: string): Promise<string> {
    await this.#redis.set(this.#key, text, "NX");
    return (await this.#redis.get(this.#key)) ?? text;
  }
}
