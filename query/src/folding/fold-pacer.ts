import { setImmediate as nextTurn } from "node:timers/promises";
import type { OpenQuestions } from "../answers/open-questions.js";

export interface FoldPacerOptions {
  /** Records per transaction, at most. */
  readonly recordsMax: number;
  readonly questions: Pick<OpenQuestions, "hadWithin" | "none">;
  /** ms of a clock that never goes back; tests give another. */
  readonly now?: () => number;
}

/** Records per transaction while questions are asked: one of fewer costs more for each (decision 026). */
const RECORDS_ASKED = 100;
/** For so long after the last question the next one is expected. */
const ASKED_WITHIN_MS = 1000;
/** How long open questions may hold up the next transaction: Redis answers sooner, unless it lacks a core. */
const WAIT_MS_MAX = 2;
/** A clock may not have moved meanwhile. */
const CLOCK_STEP_MS = 0.001;

/**
 * How folding shares the event loop with answers. A transaction holds the loop, and an answer that waits for Redis needs
 * the loop twice. So while questions are asked transactions are short, and after each the open ones have a moment to be
 * answered: who asks waits for one short transaction, not for several long ones. Where answers take longer than that, as
 * very many are asked for, a transaction may take as long as they did since the last one: they cannot stop the folding.
 * While nobody asks, transactions are as large as they may be, which is cheapest.
 */
export class FoldPacer {
  readonly #recordsMax: number;
  readonly #questions: FoldPacerOptions["questions"];
  readonly #now: () => number;
  #msPerRecord = Infinity;
  /** From the end of the last transaction until the next might begin. */
  #answersMs = 0;

  constructor({ recordsMax, questions, now = () => performance.now() }: FoldPacerOptions) {
    this.#recordsMax = recordsMax;
    this.#questions = questions;
    this.#now = now;
  }

  /**
   * Runs a transaction, and lets answers have their turn. Gives how long the transaction took.
   *
   * @param transaction of so many records at most; gives how many it had
   */
  async fold(transaction: (recordsMax: number) => number): Promise<number> {
    // Behind what this turn has read, so that the next turn reads what comes meanwhile before anything else is done.
    await nextTurn();
    const startedAtMs = this.#now();
    const records = transaction(this.#nextRecordsMax());
    const endedAtMs = this.#now();
    const foldMs = endedAtMs - startedAtMs;
    this.#msPerRecord = Math.max(foldMs, CLOCK_STEP_MS) / records;
    await nextTurn();
    await this.#questions.none(Math.min(foldMs, WAIT_MS_MAX));
    this.#answersMs = this.#now() - endedAtMs;
    return foldMs;
  }

  #nextRecordsMax(): number {
    if (!this.#questions.hadWithin(ASKED_WITHIN_MS)) return this.#recordsMax;
    const asLongAsAnswers = Math.floor(this.#answersMs / this.#msPerRecord);
    return Math.min(this.#recordsMax, Math.max(RECORDS_ASKED, asLongAsAnswers));
  }
}
