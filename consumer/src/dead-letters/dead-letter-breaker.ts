import { FatalError } from "@lastknown/shared";
import type { JudgedBatch } from "../arrivals/partition-batch.js";
import type { Rejection } from "../arrivals/rejection.js";
import type { DeadLetterShare } from "./dead-letter-share.js";
import { countsOf, withReason, type ReasonCounts } from "./reason-counts.js";

export interface DeadLetterBreakerOptions {
  /** Rejected records in a row, in one partition, that are still taken for single mishaps. */
  readonly inRowMax: number;
  /** Of all partitions that the worker has or had: it outlives this assignment. */
  readonly share: DeadLetterShare;
  readonly deadLetterTopic: string;
}

/** What became of a batch's records. */
type Outcomes = Pick<JudgedBatch, "partition" | "arrivals" | "rejections">;

/** The rejected records since a partition's last arrival. */
interface Row {
  readonly length: number;
  /** How often each reason came. */
  readonly reasons: ReasonCounts;
}

const NO_ROW: Row = { length: 0, reasons: new Map() };

/**
 * A partition full of rejected records is a person's mistake: a wrong topic, or a producer gone wrong. Then the
 * worker stops, and does not drain the topic into dead letters: after too many in a row, and where too large a share
 * of the records is rejected. Batches are counted before any letter of theirs is sent, so one that stops the worker
 * at each of its restarts leaves no letter twice.
 *
 * A worker that is started again counts from zero. So each restart may let as many through as are taken for mishaps,
 * and a supervisor has to wait longer before each.
 */
export class DeadLetterBreaker {
  readonly #options: DeadLetterBreakerOptions;
  /** By partition. */
  readonly #rows = new Map<number, Row>();

  constructor(options: DeadLetterBreakerOptions) {
    this.#options = options;
  }

  /**
   * Throws what `count` will throw, and remembers nothing: to be asked before the first effect of the batches.
   *
   * @throws FatalError
   */
  foresee(batches: readonly Outcomes[]): void {
    if (batches.every(({ rejections }) => rejections.length === 0)) return;
    for (const batch of batches) this.#rowAfter(batch);
    this.#options.share.foresee(batches);
  }

  /** @throws FatalError when too many came in a row, or are too large a share */
  count(batches: readonly Outcomes[]): void {
    for (const batch of batches) this.#rows.set(batch.partition, this.#rowAfter(batch));
    this.#options.share.count(batches);
  }

  /**
   * Counts records that were counted as arrivals and are rejected after all.
   *
   * @throws FatalError as `count` does
   */
  countLater(rejections: readonly Rejection[]): void {
    this.count(
      rejections.map((rejection) => ({
        partition: rejection.partition,
        arrivals: [],
        rejections: [rejection],
      })),
    );
  }

  #rowAfter({ partition, arrivals, rejections }: Outcomes): Row {
    const before = this.#rows.get(partition) ?? NO_ROW;
    // Nearly every batch: it must not pay for the sorting below.
    if (rejections.length === 0) return arrivals.length > 0 ? NO_ROW : before;
    let row = before;
    const outcomes = [...arrivals, ...rejections].sort((a, b) => a.record.offset - b.record.offset);
    for (const outcome of outcomes) {
      row = outcome.kind === "rejected" ? longer(row, outcome) : NO_ROW;
      if (outcome.kind === "rejected" && row.length > this.#options.inRowMax)
        throw this.#tooMany(row, outcome);
    }
    return row;
  }

  /** The letters are not sent, so it tells what would stand in them. */
  #tooMany({ length, reasons }: Row, { partition, record, error }: Rejection): FatalError {
    return new FatalError(
      `${length} records in a row were rejected in partition ${partition}, up to offset ${record.offset} (${countsOf(reasons)}; the last: ${error})`,
      {
        fix: `stop who sends them (earlier ones: lastknown dlq list, topic ${this.#options.deadLetterTopic}), or let them into the dead letters with a higher --worker-dead-letters-in-row-max`,
      },
    );
  }
}

function longer({ length, reasons }: Row, { reason }: Rejection): Row {
  return { length: length + 1, reasons: withReason(reasons, reason) };
}
