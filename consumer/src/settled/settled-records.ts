import type { Arrival, PartitionBatch, PreparedBatch, SettledBatch } from "../arrivals/partition-batch.js";
import type { Rejection, RejectionReason } from "../arrivals/rejection.js";

/** A record that has an audit entry, as nothing says otherwise, and of which it is now found that it is no event. */
export interface Doubt {
  readonly offset: number;
  readonly reason: RejectionReason;
  readonly error: string;
}

interface Settled {
  /** Everything below is in the audit or has a dead letter. */
  to: number;
  /** Below this the partition is applied again; from here on its records are new. */
  readonly reappliedTo: number;
  /** The offsets below `reappliedTo` that have a dead letter. */
  readonly letters: ReadonlySet<number>;
  /** Below `reappliedTo` too there may be records that are neither in the audit nor have a dead letter. */
  readonly isByAudit: boolean;
}

const NO_LETTERS: ReadonlySet<number> = new Set();
const NOTHING: Settled = { to: 0, reappliedTo: 0, letters: NO_LETTERS, isByAudit: false };

/**
 * What of the assignment's partitions is in the audit, or has a dead letter, already. Progress and commits are
 * written only after that is acknowledged, so it is all that lies below either of them: what of it is delivered
 * again, as Redis has lost it or it was not committed, needs no second entry and no second letter.
 */
export class SettledRecords {
  readonly #settled = new Map<number, Settled>();
  readonly #doubts = new Map<number, Doubt>();
  readonly #rebuiltTo = new Map<number, number>();

  /** Everything of the partition below this offset is settled, as far as this assignment knows. */
  to(partition: number): number {
    return this.#settled.get(partition)?.to ?? 0;
  }

  /**
   * @param letters the offsets from where the partition goes on up to `to` that have a dead letter
   * @param isByAudit the last rejected records below `to` may lack their letters
   */
  start(partition: number, to: number, letters: ReadonlySet<number>, isByAudit = false): void {
    this.#settled.set(partition, {
      to: Math.max(to, this.to(partition)),
      reappliedTo: to,
      letters,
      isByAudit,
    });
  }

  /** The audit and the dead letters have acknowledged what is theirs of the partition up to here. */
  reached(partition: number, to: number): void {
    const before = { ...(this.#settled.get(partition) ?? NOTHING) };
    before.to = Math.max(before.to, to);
    // Nothing below is delivered any more, unless the partition is started again.
    const isReapplied = before.letters.size > 0 && to >= before.reappliedTo;
    this.#settled.set(partition, isReapplied ? { ...before, letters: NO_LETTERS } : before);
  }

  /** The batch without what has a dead letter: Redis must not get it, even if it were taken for an event now. */
  withoutLetters(batch: PartitionBatch): PartitionBatch {
    const letters = this.#settled.get(batch.partition)?.letters ?? NO_LETTERS;
    if (letters.size === 0) return batch;
    return { ...batch, records: batch.records.filter(({ offset }) => !letters.has(offset)) };
  }

  /** Tells the arrivals that are in the audit from the new ones. One of the former that is rejected now is a doubt. */
  sortOut(batch: PreparedBatch): SettledBatch {
    const { partition, arrivals, rejections } = batch;
    const to = this.#settled.get(partition)?.reappliedTo ?? 0;
    const isByAudit = this.#settled.get(partition)?.isByAudit ?? false;
    const isEntered = ({ record }: Arrival | Rejection): boolean => record.offset < to;
    const doubtful = isByAudit ? undefined : rejections.find(isEntered);
    if (doubtful !== undefined) {
      const { record, reason, error } = doubtful;
      this.doubt(partition, { offset: record.offset, reason, error });
    }
    const reapplied = arrivals.filter(isEntered);
    if (reapplied.length === 0) return { ...batch, reapplied };
    return { ...batch, reapplied, arrivals: arrivals.filter((arrival) => !isEntered(arrival)) };
  }

  /** The partition cannot be applied again from its records: what the audit has of it decides. */
  doubt(partition: number, doubt: Doubt): void {
    if (!this.#doubts.has(partition)) this.#doubts.set(partition, doubt);
  }

  doubtOf(partition: number): Doubt | undefined {
    return this.#doubts.get(partition);
  }

  /** All that was settled below this offset was applied again from the audit. */
  rebuilt(partition: number, to: number): void {
    this.#doubts.delete(partition);
    this.#rebuiltTo.set(partition, to);
  }

  rebuiltTo(partition: number): number {
    return this.#rebuiltTo.get(partition) ?? 0;
  }
}
