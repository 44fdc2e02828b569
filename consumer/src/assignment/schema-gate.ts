import type { Logger } from "@lastknown/shared";
import type { PartitionBatch } from "../arrivals/partition-batch.js";
import { schemaIdOf, schemaIdsIn } from "../pipeline/schema-ids.js";
import type { WriterSchemas } from "../pipeline/writer-schemas.js";

export interface SchemaGateOptions {
  readonly schemas: Pick<WriterSchemas, "untold" | "told">;
  /** Holds the partition where it stands until the promise resolves. */
  readonly hold: (partition: number, until: (signal: AbortSignal) => Promise<void>) => void;
  readonly logger: Logger;
}

/**
 * Where the registry is away, a record of a schema that it alone knows holds up its own partition, and that from the
 * record on. All other records go on.
 */
export class SchemaGate {
  readonly #options: SchemaGateOptions;

  constructor(options: SchemaGateOptions) {
    this.#options = options;
  }

  /** What of the batches can be worked on now. */
  async pass(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<readonly PartitionBatch[]> {
    const untold = await this.#options.schemas.untold(schemaIdsIn(batches), signal);
    return untold.size === 0 ? batches : batches.flatMap((batch) => this.#before(batch, untold));
  }

  #before(batch: PartitionBatch, untold: ReadonlySet<number>): PartitionBatch[] {
    const { schemas, hold, logger } = this.#options;
    const { partition, records } = batch;
    for (const [index, record] of records.entries()) {
      const schemaId = schemaIdOf(record);
      if (schemaId === undefined || !untold.has(schemaId)) continue;
      const { offset } = record;
      logger.warn("a partition waits for the registry to tell a schema", { partition, offset, schemaId });
      hold(partition, (signal) => schemas.told(schemaId, signal));
      return index === 0 ? [] : [{ partition, records: records.slice(0, index), nextOffset: offset }];
    }
    return [batch];
  }
}
