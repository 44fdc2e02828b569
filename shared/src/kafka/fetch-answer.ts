import { readInt64 } from "../domain/int64.js";
import type { InflationBudget } from "./gzip.js";
import type { LogRecord } from "./log-reader.js";
import { decodeRecords, isAbortMarker, wholeBatches } from "./record-batch.js";

export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: number;
}

/** One partition's part of the answer to a fetch. */
export interface FetchedPartition {
  readonly partition: number;
  /** 0 is success; see errorTypeOf for the others. */
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly AbortedTransaction[];
  readonly recordSet: Buffer;
}

export interface FetchAnswer {
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

const EMPTY = Buffer.alloc(0);

/** Reads the answer to a fetch of one topic (version 11 of the protocol); the record sets stay undecoded views. */
export function parseFetchAnswer(payload: Buffer): FetchAnswer {
  const partitions: FetchedPartition[] = [];
  let at = 4;
  const errorCode = payload.readInt16BE(at);
  at += 2 + 4;
  const topics = payload.readInt32BE(at);
  at += 4;
  for (let topic = 0; topic < topics; topic++) {
    at += 2 + payload.readInt16BE(at);
    const count = payload.readInt32BE(at);
    at += 4;
    for (let index = 0; index < count; index++) {
      const { end, ...partition } = parsePartition(payload, at);
      partitions.push(partition);
      at = end;
    }
  }
  return { errorCode, partitions };
}

function parsePartition(payload: Buffer, start: number): FetchedPartition & { end: number } {
  const abortedCount = payload.readInt32BE(start + 30);
  const abortedTransactions: AbortedTransaction[] = [];
  let at = start + 34;
  // A count of −1 is null: none.
  for (let index = 0; index < abortedCount; index++, at += 16) {
    const producerId = payload.toString("hex", at, at + 8);
    abortedTransactions.push({ producerId, firstOffset: readInt64(payload, at + 8) });
  }
  // Four bytes name a preferred replica, which only clients with a rack are given.
  const recordBytes = payload.readInt32BE(at + 4);
  at += 8;
  const end = at + Math.max(recordBytes, 0);
  return {
    partition: payload.readInt32BE(start),
    errorCode: payload.readInt16BE(start + 4),
    highWatermark: readInt64(payload, start + 6),
    logStartOffset: readInt64(payload, start + 22),
    abortedTransactions,
    recordSet: recordBytes > 0 ? payload.subarray(at, end) : EMPTY,
    end,
  };
}

/**
 * Decodes what a fetch from `fromOffset` brought. `nextOffset` is one past the last whole batch, so that batches
 * which compaction emptied and control batches are stepped over (hazard K7).
 *
 * Once the budget is spent no further batch is decoded: `nextOffset` is then where the first of those left begins, or
 * `fromOffset` if the other partitions of the read took it all.
 */
export function decodeFetched(
  fetched: FetchedPartition,
  fromOffset: number,
  budget: InflationBudget,
): { records: LogRecord[]; nextOffset: number } {
  const records: LogRecord[] = [];
  const aborted = new AbortedProducers(fetched.abortedTransactions);
  let nextOffset = fromOffset;
  for (const batch of wholeBatches(fetched.recordSet)) {
    if (budget.isSpent) break;
    aborted.advanceTo(batch.lastOffset);
    if (batch.isControl) {
      if (isAbortMarker(batch)) aborted.end(batch.producerId);
    } else if (!batch.isTransactional || !aborted.has(batch.producerId)) {
      budget.spend(decodeRecords(batch, fromOffset, records));
    }
    nextOffset = Math.max(nextOffset, batch.lastOffset + 1);
  }
  return { records, nextOffset };
}

/** Which producers' transactional batches are void at the batch being looked at. */
class AbortedProducers {
  readonly #coming: AbortedTransaction[];
  readonly #current = new Set<string>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#coming = [...transactions].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  advanceTo(offset: number): void {
    for (
      let next = this.#coming[0];
      next !== undefined && next.firstOffset <= offset;
      next = this.#coming[0]
    ) {
      this.#current.add(next.producerId);
      this.#coming.shift();
    }
  }

  has(producerId: string): boolean {
    return this.#current.has(producerId);
  }

  end(producerId: string): void {
    this.#current.delete(producerId);
  }
}
