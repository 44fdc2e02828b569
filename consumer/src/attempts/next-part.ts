import type { CommitNote } from "@lastknown/shared";
import type { PartitionBatch } from "../arrivals/partition-batch.js";

/**
 * - `together`: records that nothing is held against
 * - `tried`: one that is suspected
 * - `guilty`: one that has ended its process too often, which is not noted yet
 * - `condemned`: one of which that is noted
 */
export type PartKind = "together" | "tried" | "guilty" | "condemned";

export interface BatchPart {
  readonly kind: PartKind;
  /** More than one record only where these run together. */
  readonly batch: PartitionBatch;
  readonly rest: PartitionBatch;
}

/**
 * What of a batch is to be run next, as its partition's note stands. Records before the one that was tried last have
 * shown that they kill nobody. All from there to the batch's end are suspected, wherever the range ends that was
 * suspected at first: the batch that died may have reached further than this one.
 *
 * @param batch with at least one record
 */
export function nextPart(
  { partition, records, nextOffset }: PartitionBatch,
  note: CommitNote,
  killsMax: number,
): BatchPart {
  const kindOf = (offset: number): PartKind => {
    if (note.condemned?.includes(offset) === true) return "condemned";
    const { trying } = note;
    if (trying === undefined || offset < trying.offset) return "together";
    return offset === trying.offset && trying.times >= killsMax ? "guilty" : "tried";
  };
  const kinds = records.map(({ offset }) => kindOf(offset));
  const kind = kinds[0] ?? "together";
  const others = kinds.findIndex((one) => one !== "together");
  const together = others === -1 ? records.length : others;
  const length = kind === "together" ? together : 1;
  const rest = { partition, records: records.slice(length), nextOffset };
  const end = rest.records[0]?.offset ?? nextOffset;
  return { kind, batch: { partition, records: records.slice(0, length), nextOffset: end }, rest };
}
