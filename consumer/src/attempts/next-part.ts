import type { LogRecord } from "@lastknown/shared";
import type { PartitionBatch } from "../pipeline/partition-batch.js";
import type { PartitionAttempts } from "./partition-attempts.js";

/** How a part of a batch is run: all of it as usual, or its one record with a note before it, or not at all. */
export type PartKind = "usual" | "tried" | "condemned";

export interface IsolatedPart {
  readonly kind: PartKind;
  readonly batch: PartitionBatch;
}

/**
 * Cuts a batch whose records are run one at a time. Records before the one that was tried last have shown that they
 * kill nobody, and those behind the end of the range are not suspected, so these go together.
 */
export function isolatedParts(
  { partition, records, nextOffset }: PartitionBatch,
  attempts: PartitionAttempts,
): IsolatedPart[] {
  const { trying } = attempts;
  const kindOf = ({ offset }: LogRecord): PartKind => {
    if (attempts.isCondemned(offset)) return "condemned";
    const isSuspected = trying !== undefined && offset >= trying.offset && offset < trying.until;
    return isSuspected ? "tried" : "usual";
  };
  const groups: { kind: PartKind; records: LogRecord[] }[] = [];
  for (const record of records) {
    const kind = kindOf(record);
    const group = groups.at(-1);
    if (group?.kind === "usual" && kind === "usual") group.records.push(record);
    else groups.push({ kind, records: [record] });
  }
  return groups.map(({ kind, records: own }, index) => {
    const end = groups[index + 1]?.records[0]?.offset ?? nextOffset;
    return { kind, batch: { partition, records: own, nextOffset: end } };
  });
}
