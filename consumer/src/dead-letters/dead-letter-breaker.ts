import { FatalError } from "@lastknown/shared";
import type { JudgedBatch } from "../pipeline/partition-batch.js";
import type { Rejection } from "../pipeline/rejection.js";

export interface DeadLetterBreakerOptions {
  /** Rejected records in a row, in one partition, that are still taken for single mishaps. */
  readonly inRowMax: number;
  readonly deadLetterTopic: string;
}

/** The rejected records since a partition's last arrival. */
interface Row {
  readonly length: number;
  /** How often each reason came. */
  readonly reasons: ReadonlyMap<string, number>;
}

const NO_ROW: Row = { length: 0, reasons: new Map() };

/**
 * A partition full of rejected records is a person's mistake: a wrong topic, or a producer gone wrong. Then the
 * worker stops, and does not drain the topic into dead letters. Batches are counted before any letter of theirs is
 * sent, so one that stops the worker at each of its restarts leaves no letter twice.
 */
export class DeadLetterBreaker {
  readonly #options: DeadLetterBreakerOptions;
  /** By partition. */
  readonly #rows = new Map<number, Row>();

  constructor(options: DeadLetterBreakerOptions) {
    this.#options = options;
  }

  /** @throws FatalError when too many came in a row */
  count(batches: readonly JudgedBatch[]): void {
    for (const batch of batches) this.#countOne(batch);
  }

  #countOne({ partition, arrivals, rejections }: JudgedBatch): void {
    // Nearly every batch: it must not pay for the sorting below.
    if (rejections.length === 0) {
      if (arrivals.length > 0) this.#rows.delete(partition);
      return;
    }
    let row = this.#rows.get(partition) ?? NO_ROW;
    const outcomes = [...arrivals, ...rejections].sort((a, b) => a.record.offset - b.record.offset);
    for (const outcome of outcomes) {
      row = outcome.kind === "rejected" ? longer(row, outcome) : NO_ROW;
      if (outcome.kind === "rejected" && row.length > this.#options.inRowMax)
        throw this.#tooMany(row, outcome);
    }
    this.#rows.set(partition, row);
  }

  /** The letters are not sent, so it tells what would stand in them. */
  #tooMany({ length, reasons }: Row, { partition, record, error }: Rejection): FatalError {
    const counts = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(", ");
    return new FatalError(
      `${length} records in a row were rejected in partition ${partition}, up to offset ${record.offset} (${counts}; the last: ${error})`,
      {
        fix: `stop who sends them (earlier ones: lastknown dlq list, topic ${this.#options.deadLetterTopic}), or let them into the dead letters with a higher --worker-dead-letters-in-row-max`,
      },
    );
  }
}

function longer({ length, reasons }: Row, { reason }: Rejection): Row {
  return { length: length + 1, reasons: new Map(reasons).set(reason, (reasons.get(reason) ?? 0) + 1) };
}
