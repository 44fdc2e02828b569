import { RedisKeys } from "@lastknown/shared";
import type { Cluster } from "ioredis";
import { withinDeadline } from "../../states/redis/deadline.js";
import type { SchemaCopies } from "../schema-copies.js";

/** Fields beside the schema ids, which are digits. */
const MARKS = { auditSchemaId: "audit", complete: "complete" } as const;

/** Schema copies in one hash beside the fleet record: a node that is emptied loses all of it at once, marks included. */
export class RedisSchemaCopies implements SchemaCopies {
  readonly #redis: Cluster;
  readonly #key: string;
  readonly #deadlineMs: number;

  constructor(options: { redis: Cluster; fleet: string; deadlineMs: number }) {
    this.#redis = options.redis;
    this.#key = new RedisKeys(options.fleet).schemaCopies();
    this.#deadlineMs = options.deadlineMs;
  }

  async textById(schemaId: number): Promise<string | undefined> {
    return await this.#read(String(schemaId));
  }

  async newest(): Promise<{ schemaId: number; text: string } | undefined> {
    const fields = await withinDeadline(this.#deadlineMs, this.#redis.hkeys(this.#key));
    const schemaId = Math.max(-1, ...fields.filter((field) => /^\d+$/.test(field)).map(Number));
    const text = schemaId < 0 ? undefined : await this.textById(schemaId);
    return text === undefined ? undefined : { schemaId, text };
  }

  async keepIfAbsent(schemaId: number, text: string): Promise<string> {
    return await this.#keep(String(schemaId), text);
  }

  async auditSchemaId(): Promise<number | undefined> {
    const text = await this.#read(MARKS.auditSchemaId);
    return text === undefined ? undefined : Number(text);
  }

  async keepAuditSchemaId(schemaId: number): Promise<number> {
    return Number(await this.#keep(MARKS.auditSchemaId, String(schemaId)));
  }

  async isComplete(): Promise<boolean> {
    return (await this.#read(MARKS.complete)) !== undefined;
  }

  async markComplete(): Promise<void> {
    await this.#keep(MARKS.complete, "1");
  }

  async #read(field: string): Promise<string | undefined> {
    return (await withinDeadline(this.#deadlineMs, this.#redis.hget(this.#key, field))) ?? undefined;
  }

  async #keep(field: string, text: string): Promise<string> {
    await withinDeadline(this.#deadlineMs, this.#redis.hsetnx(this.#key, field, text));
    return (await this.#read(field)) ?? text;
  }
}
