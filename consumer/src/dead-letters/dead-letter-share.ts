import { FatalError } from "@lastknown/shared";
import type { JudgedBatch } from "../arrivals/partition-batch.js";
import { countsOf, withReason, type ReasonCounts } from "./reason-counts.js";

export interface DeadLetterShareOptions {
  /** Rejected records of a hundred that are still taken for single mishaps; 100 allows all. */
  readonly percentMax: number;
  /** Over how long they are counted. */
  readonly windowMs: number;
  /** So few rejected records stop nobody, however few others there are. */
  readonly lettersMin: number;
  readonly deadLetterTopic: string;
  /** Milliseconds of a clock that only goes forward; the process's own unless given. */
  readonly now?: () => number;
}

/** What was counted in a part of the window. */
interface Slot {
  readonly beganMs: number;
  records: number;
  letters: number;
  reasons: ReasonCounts;
}

type Outcomes = Pick<JudgedBatch, "arrivals" | "rejections">;

/** The window moves on by a part at a time, so it is up to one part shorter than asked for. */
const SLOTS = 12;

/**
 * Which share of a worker's records was rejected lately, over all of its partitions: rejected records that come
 * between good ones make no row, and would drain into the dead letters for ever.
 */
export class DeadLetterShare {
  readonly #options: DeadLetterShareOptions;
  readonly #now: () => number;
  /** The newest last; at most SLOTS. */
  #slots: Slot[] = [];

  constructor(options: DeadLetterShareOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** @throws FatalError where these would be too many; they are not remembered */
  foresee(batches: readonly Outcomes[]): void {
    this.#require([...this.#slots, slotOf(batches, this.#now())], batches);
  }

  /** @throws FatalError where these are too many */
  count(batches: readonly Outcomes[]): void {
    const nowMs = this.#now();
    this.#slots = this.#slots.filter(({ beganMs }) => nowMs - beganMs < this.#options.windowMs);
    const counted = slotOf(batches, nowMs);
    const newest = this.#slots.at(-1);
    if (newest !== undefined && nowMs - newest.beganMs < this.#options.windowMs / SLOTS) add(newest, counted);
    else this.#slots.push(counted);
    if (counted.letters > 0) this.#require(this.#slots, batches);
  }

  #require(slots: readonly Slot[], batches: readonly Outcomes[]): void {
    const { percentMax, windowMs, lettersMin } = this.#options;
    const nowMs = this.#now();
    const sum: Slot = { beganMs: nowMs, records: 0, letters: 0, reasons: new Map() };
    for (const slot of slots) if (nowMs - slot.beganMs < windowMs) add(sum, slot);
    if (sum.letters < lettersMin || sum.letters * 100 <= sum.records * percentMax) return;
    const last = batches.flatMap(({ rejections }) => rejections).at(-1);
    throw new FatalError(
      `${sum.letters} of the ${sum.records} records of the last ${windowMs / 1000} s were rejected, more than ${percentMax} % (${countsOf(sum.reasons)}; the last: ${last?.error})`,
      {
        fix: `stop who sends them (earlier ones: lastknown dlq list, topic ${this.#options.deadLetterTopic}), or let them into the dead letters with a higher --worker-dead-letters-percent-max`,
      },
    );
  }
}

function slotOf(batches: readonly Outcomes[], beganMs: number): Slot {
  const slot: Slot = { beganMs, records: 0, letters: 0, reasons: new Map() };
  for (const { arrivals, rejections } of batches) {
    slot.records += arrivals.length + rejections.length;
    slot.letters += rejections.length;
    for (const { reason } of rejections) slot.reasons = withReason(slot.reasons, reason);
  }
  return slot;
}

function add(slot: Slot, { records, letters, reasons }: Slot): void {
  slot.records += records;
  slot.letters += letters;
  for (const [reason, count] of reasons) slot.reasons = withReason(slot.reasons, reason, count);
}
