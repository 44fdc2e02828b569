import { FatalError } from "@lastknown/shared";
import type { JudgedBatch } from "../pipeline/partition-batch.js";

export interface DeadLetterBreakerOptions {
  /** Rejected records in a row, in one partition, that are still taken for single mishaps. */
  readonly inRowMax: number;
  readonly deadLetterTopic: string;
}

/**
 * A partition full of rejected records is a person's mistake: a wrong topic, or a producer gone wrong. Then the
 * worker stops, and does not drain the topic into dead letters. Batches are counted before any letter of theirs is
 * sent, so one that stops the worker at each of its restarts leaves no letter twice.
 */
export class DeadLetterBreaker {
  readonly #options: DeadLetterBreakerOptions;
  /** Partition → rejected records since its last arrival. */
  readonly #inRow = new Map<number, number>();

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
      if (arrivals.length > 0) this.#inRow.delete(partition);
      return;
    }
    let inRow = this.#inRow.get(partition) ?? 0;
    const outcomes = [
      ...arrivals.map(({ record }) => ({ offset: record.offset, isRejected: false })),
      ...rejections.map(({ record }) => ({ offset: record.offset, isRejected: true })),
    ].sort((a, b) => a.offset - b.offset);
    for (const { offset, isRejected } of outcomes) {
      inRow = isRejected ? inRow + 1 : 0;
      if (inRow > this.#options.inRowMax) throw this.#tooMany(partition, inRow, offset);
    }
    this.#inRow.set(partition, inRow);
  }

  #tooMany(partition: number, inRow: number, offset: number): FatalError {
    const { deadLetterTopic } = this.#options;
    return new FatalError(
      `${inRow} records in a row were rejected in partition ${partition}, up to offset ${offset}`,
      {
        fix: `look at them with lastknown dlq list (topic ${deadLetterTopic}) and stop who sends them, or raise --worker-dead-letters-in-row-max`,
      },
    );
  }
}
