import { RecordTooLargeError, type Appender, type AppendRecord, type Logger } from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import type { Rejection } from "../pipeline/rejection.js";
import { CUT, deadLetterRecord, WHOLE, type DeadLetterLimits } from "./dead-letter-record.js";

export interface DeadLettersOptions {
  readonly appender: Appender;
  readonly topic: string;
  readonly eventsTopic: string;
  readonly patience: Patience;
  readonly logger: Logger;
}

/** A dead letter on its way. */
interface Letter {
  readonly rejection: Rejection;
  readonly limits: DeadLetterLimits;
  readonly record: AppendRecord;
}

/** The dead-letter topic, as one assignment writes it. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /**
   * Resolves when every rejected record has its dead letter on all in-sync replicas: whole, or cut where the topic
   * does not take it whole. Throws RecordTooLargeError where it takes not even that.
   */
  async send(rejections: readonly Rejection[], signal: AbortSignal): Promise<void> {
    let letters = rejections.map((rejection) => this.#letterOf(rejection, WHOLE));
    // Each turn cuts at least one letter, or is the last.
    while (letters.length > 0) letters = await this.#append(letters, signal);
    for (const rejection of rejections) this.#log(rejection);
  }

  /** Gives the letters that do not stand yet, those cut that were too large. */
  async #append(letters: readonly Letter[], signal: AbortSignal): Promise<Letter[]> {
    const { appender, topic, patience } = this.#options;
    const records = letters.map(({ record }) => record);
    try {
      await patience.outlast("kafka", signal, () => appender.append(topic, records));
      return [];
    } catch (error) {
      if (!(error instanceof RecordTooLargeError)) throw error;
      return this.#withRefusedCut(letters, error);
    }
  }

  /** Refused was the first of each partition; those behind it were only not tried. */
  #withRefusedCut(letters: readonly Letter[], error: RecordTooLargeError): Letter[] {
    const unacknowledged = new Set(error.unacknowledged);
    const partitionsSeen = new Set<number>();
    return letters
      .filter(({ record }) => unacknowledged.has(record))
      .map((letter) => {
        const { partition } = letter.record;
        if (partitionsSeen.has(partition)) return letter;
        partitionsSeen.add(partition);
        if (letter.limits === CUT) throw error;
        return this.#letterOf(letter.rejection, CUT);
      });
  }

  #letterOf(rejection: Rejection, limits: DeadLetterLimits): Letter {
    return { rejection, limits, record: deadLetterRecord(this.#options.eventsTopic, rejection, limits) };
  }

  #log({ partition, record, reason, error, read }: Rejection): void {
    const { logger, eventsTopic: topic } = this.#options;
    const { offset } = record;
    logger.warn("record rejected", { topic, partition, offset, reason, error, eventId: read.eventId });
  }
}
