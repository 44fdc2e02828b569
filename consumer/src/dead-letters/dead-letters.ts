import { RecordTooLargeError, type AppendRecord, type Logger } from "@lastknown/shared";
import type { Rejection } from "../arrivals/rejection.js";
import { appendPatiently, type PatientAppend } from "../faults/patient-append.js";
import { CUT, deadLetterRecord, WHOLE, type DeadLetterLimits } from "./dead-letter-record.js";

export interface DeadLettersOptions extends PatientAppend {
  readonly eventsTopic: string;
  readonly logger: Logger;
}

/** The dead-letter topic, as one assignment writes it. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** Resolves when every rejected record has its dead letter on all in-sync replicas. */
  async send(rejections: readonly Rejection[], signal: AbortSignal): Promise<void> {
    if (rejections.length === 0) return;
    const whole = this.#records(rejections, WHOLE);
    const tooLarge = await appendPatiently(this.#options, whole, signal);
    const refused = rejections.filter((_, index) => tooLarge.has(whole[index] as AppendRecord));
    const still = await appendPatiently(this.#options, this.#records(refused, CUT), signal);
    if (still.size > 0) throw new RecordTooLargeError(this.#options.topic, [...still]);
    for (const rejection of rejections) this.#log(rejection);
  }

  #records(rejections: readonly Rejection[], limits: DeadLetterLimits): AppendRecord[] {
    return rejections.map((rejection) => this.#record(rejection, limits));
  }

  /** A record whose letter cannot be made of all that is known of it has one without: it must not hold up the others. */
  #record(rejection: Rejection, limits: DeadLetterLimits): AppendRecord {
    const { eventsTopic, logger } = this.#options;
    try {
      return deadLetterRecord(eventsTopic, rejection, limits);
    } catch (error) {
      logger.warn("unforeseen error, the dead letter lacks headers", { error });
      const { offset, appendedAtMs, key, value } = rejection.record;
      const bare = { offset, appendedAtMs, key, value, headers: {} };
      return deadLetterRecord(eventsTopic, { ...rejection, record: bare, read: {} }, limits);
    }
  }

  #log({ partition, record, reason, error, read }: Rejection): void {
    const { logger, eventsTopic: topic } = this.#options;
    const { offset } = record;
    logger.warn("record rejected", { topic, partition, offset, reason, error, eventId: read.eventId });
  }
}
