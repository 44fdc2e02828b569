import type { LogSlice } from "@lastknown/shared";
import type { ViewStore } from "../view/view-store.js";
import type { AuditPart } from "./audit-folder.js";

/** What is left of one partition's slice; `taken` of its records were given out. */
interface Left extends AuditPart {
  taken: number;
}

/** What was read of the audit and is to be folded: each partition's records in their order. */
export class Unfolded {
  readonly #left: Left[];

  /** Slices that bring nothing are left out; one without records may go past batches that compaction emptied. */
  constructor(slices: ReadonlyMap<number, LogSlice>, store: Pick<ViewStore, "position">) {
    this.#left = [...slices].flatMap(([partition, { records, nextOffset }]) =>
      records.length > 0 || nextOffset > store.position(partition).nextOffset
        ? [{ partition, records, nextOffset, taken: 0 }]
        : [],
    );
  }

  get isEmpty(): boolean {
    return this.#left.length === 0;
  }

  /** The next parts for one transaction, and how many records they have together: `recordsMax` at most. */
  take(recordsMax: number): { readonly parts: readonly AuditPart[]; readonly records: number } {
    const parts: AuditPart[] = [];
    let records = 0;
    for (let first = this.#left[0]; first !== undefined; first = this.#left[0]) {
      const part = takeFrom(first, recordsMax - records);
      parts.push(part);
      records += part.records.length;
      if (first.taken < first.records.length) break;
      this.#left.shift();
      if (records === recordsMax) break;
    }
    return { parts, records };
  }
}

function takeFrom(left: Left, recordsMax: number): AuditPart {
  const { partition } = left;
  const records = left.records.slice(left.taken, left.taken + recordsMax);
  left.taken += records.length;
  const isAll = left.taken === left.records.length;
  return { partition, records, nextOffset: isAll ? left.nextOffset : (records.at(-1)?.offset ?? 0) + 1 };
}
