import { schemaCopyKey, type AppendRecord } from "@lastknown/shared";
import type { Arrival } from "../arrivals/partition-batch.js";
import { appendPatiently, type PatientAppend } from "../faults/patient-append.js";
import type { WriterSchema } from "./writer-schemas.js";

/** What became of arrivals: those in the audit, and those that it does not take. */
export interface Entered {
  readonly entered: readonly Arrival[];
  readonly tooLarge: readonly Arrival[];
}

/**
 * The audit topic, as one assignment writes it: every arrival, in the partition of its source.
 *
 * Before the first entry of a schema in a partition stands a copy of the schema, so that readers need no registry.
 * Each assignment writes the copies anew; compaction keeps one.
 */
export class AuditLog {
  readonly #audit: PatientAppend;
  /** Partition → ids of the schemas whose copies this assignment has had acknowledged. */
  readonly #copied = new Map<number, Set<number>>();

  constructor(audit: PatientAppend) {
    this.#audit = audit;
  }

  /** Resolves when every arrival that the audit takes is on all in-sync replicas. */
  async enter(
    arrivals: readonly Arrival[],
    schemas: ReadonlyMap<number, WriterSchema>,
    signal: AbortSignal,
  ): Promise<Entered> {
    const readable = await this.#withCopies(arrivals, schemas, signal);
    const records = readable.map(({ auditRecord }) => auditRecord);
    const refused = await appendPatiently(this.#audit, records, signal);
    if (refused.size === 0 && readable.length === arrivals.length) return { entered: arrivals, tooLarge: [] };
    const isEntered = (arrival: Arrival): boolean =>
      this.#isCopied(arrival) && !refused.has(arrival.auditRecord);
    return {
      entered: arrivals.filter(isEntered),
      tooLarge: arrivals.filter((arrival) => !isEntered(arrival)),
    };
  }

  /** Resolves where the audit takes what every arrival of this schema may come with: the schema's copy, once more. */
  async probe(
    { partition, schemaId }: Arrival,
    schemas: ReadonlyMap<number, WriterSchema>,
    signal: AbortSignal,
  ): Promise<void> {
    await appendPatiently(this.#audit, [schemaCopy(partition, schemaId, schemas)], signal);
  }

  /**
   * Those whose schema has its copy in the audit: no reader could read another's entry. What is missing is copied
   * first, in an append of its own, as a copy may be longer than the audit takes.
   */
  async #withCopies(
    arrivals: readonly Arrival[],
    schemas: ReadonlyMap<number, WriterSchema>,
    signal: AbortSignal,
  ): Promise<readonly Arrival[]> {
    const missing = arrivals.filter((arrival) => !this.#isCopied(arrival));
    if (missing.length === 0) return arrivals;
    const copies = new Map(
      missing.map(({ partition, schemaId }) => [
        `${partition}/${schemaId}`,
        { schemaId, record: schemaCopy(partition, schemaId, schemas) },
      ]),
    );
    const records = [...copies.values()].map(({ record }) => record);
    const refused = await appendPatiently(this.#audit, records, signal);
    for (const { schemaId, record } of copies.values())
      if (!refused.has(record)) this.#copiedIn(record.partition).add(schemaId);
    return arrivals.filter((arrival) => this.#isCopied(arrival));
  }

  #isCopied({ partition, schemaId }: Arrival): boolean {
    return this.#copied.get(partition)?.has(schemaId) === true;
  }

  #copiedIn(partition: number): Set<number> {
    const copied = this.#copied.get(partition) ?? new Set();
    this.#copied.set(partition, copied);
    return copied;
  }
}

function schemaCopy(
  partition: number,
  schemaId: number,
  schemas: ReadonlyMap<number, WriterSchema>,
): AppendRecord {
  const schema = schemas.get(schemaId);
  if (schema?.kind !== "known") throw new Error(`an arrival has schema ${schemaId}, which is not known`);
  return { partition, key: schemaCopyKey(schemaId), value: Buffer.from(schema.text) };
}
