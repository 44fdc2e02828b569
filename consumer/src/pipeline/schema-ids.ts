import { framedSchemaId, type LogRecord } from "@lastknown/shared";
import type { PartitionBatch } from "../arrivals/partition-batch.js";

/** Id of the schema that the record was written with; undefined where its value is not framed. */
export function schemaIdOf({ value }: LogRecord): number | undefined {
  return value === null ? undefined : framedSchemaId(value);
}

export function schemaIdsIn(batches: readonly PartitionBatch[]): Set<number> {
  const ids = new Set<number>();
  for (const { records } of batches) {
    for (const record of records) {
      const id = schemaIdOf(record);
      if (id !== undefined) ids.add(id);
    }
  }
  return ids;
}
