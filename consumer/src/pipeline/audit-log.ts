import {
  auditRecordKind,
  RecordTooLargeError,
  schemaCopyKey,
  type AppendRecord,
  type Appender,
} from "@lastknown/shared";
import type { Outlasting } from "../faults/patience.js";
import type { WriterSchema } from "./writer-schemas.js";
import type { Arrival } from "./partition-batch.js";

/** What became of arrivals: those in the audit, and those that it does not take. */
export interface Entered {
  readonly entered: readonly Arrival[];
  readonly tooLarge: readonly Arrival[];
}

/**
 * The audit topic, as one assignment writes it: every arrival, in the partition of its source.
 *
 * Before the first entry of a schema in a partition stands a copy of the schema, in the same ordered append, so
 * that readers need no registry. Each assignment writes the copies anew; compaction keeps one.
 */
export class AuditLog {
  readonly #appender: Appender;
  readonly #topic: string;
  readonly #patience: Outlasting;
  /** Partition → ids of the schemas whose copies this assignment has had acknowledged. */
  readonly #copied = new Map<number, Set<number>>();

  constructor(options: { appender: Appender; topic: string; patience: Outlasting }) {
    this.#appender = options.appender;
    this.#topic = options.topic;
    this.#patience = options.patience;
  }

  /** Resolves when every arrival that the audit takes is on all in-sync replicas. */
  async enter(
    arrivals: readonly Arrival[],
    schemas: ReadonlyMap<number, WriterSchema>,
    signal: AbortSignal,
  ): Promise<Entered> {
    const { records, copies } = this.#withSchemaCopies(arrivals, schemas);
    const refused = await this.#append(records, signal);
    const isRefused = ({ auditRecord }: Arrival): boolean => refused?.has(auditRecord) === true;
    const tooLarge = refused === undefined ? [] : arrivals.filter(isRefused);
    for (const { partition, schemaId } of copies) this.#copiedIn(partition).add(schemaId);
    if (refused === undefined) return { entered: arrivals, tooLarge };
    return { entered: arrivals.filter((arrival) => !isRefused(arrival)), tooLarge };
  }

  /** Resolves where the audit takes what every arrival of this schema may come with: the schema's copy, once more. */
  async probe(
    { partition, schemaId }: Arrival,
    schemas: ReadonlyMap<number, WriterSchema>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#append([schemaCopy(partition, schemaId, schemas)], signal);
  }

  /** Gives the entries that are longer than the audit takes, if there are any; all others stand. */
  async #append(
    records: readonly AppendRecord[],
    signal: AbortSignal,
  ): Promise<Set<AppendRecord> | undefined> {
    if (records.length === 0) return undefined;
    try {
      await this.#patience.outlast("kafka", signal, () => this.#appender.append(this.#topic, records));
      return undefined;
    } catch (error) {
      if (!(error instanceof RecordTooLargeError)) throw error;
      // Without its copy no reader could read the schema's entries.
      if (error.refused.some(({ key }) => isSchemaCopy(key))) throw error;
      return new Set(error.refused);
    }
  }

  #withSchemaCopies(
    arrivals: readonly Arrival[],
    schemas: ReadonlyMap<number, WriterSchema>,
  ): { records: AppendRecord[]; copies: readonly Pick<Arrival, "partition" | "schemaId">[] } {
    const records: AppendRecord[] = [];
    const copies: Arrival[] = [];
    for (const arrival of arrivals) {
      const { partition, schemaId, auditRecord } = arrival;
      const isCopied =
        this.#copied.get(partition)?.has(schemaId) === true ||
        copies.some((copy) => copy.partition === partition && copy.schemaId === schemaId);
      if (!isCopied) {
        records.push(schemaCopy(partition, schemaId, schemas));
        copies.push(arrival);
      }
      records.push(auditRecord);
    }
    return { records, copies };
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

function isSchemaCopy(key: AppendRecord["key"]): boolean {
  return key !== null && auditRecordKind(key)?.kind === "schema";
}
