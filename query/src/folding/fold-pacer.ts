import { setImmediate as nextTurn } from "node:timers/promises";
import type { OpenQuestions } from "../answers/open-questions.js";

/** Records per transaction while questions are asked: each then costs little more than with 500 (decision 028). */
const RECORDS_MAX_ASKED = 100;
/** For so long after the last question the next one is expected. */
const ASKED_WITHIN_MS = 1000;
/** How long open questions may hold up the next transaction: Redis answers sooner, unless it lacks a core. */
const WAIT_MS_MAX = 2;

/**
 * How folding shares the event loop with answers. A transaction holds the loop, and an answer that waits for Redis needs
 * the loop twice. So while questions are asked transactions are short, and after each the open ones have a moment to be
 * answered: who asks waits for one short transaction, not for several long ones. While nobody asks, transactions are as
 * large as they may be, which is cheaper.
 */
export class FoldPacer {
  readonly #recordsMax: number;
  readonly #questions: Pick<OpenQuestions, "hadWithin" | "none">;
  #foldMs = 0;

  constructor(recordsMax: number, questions: Pick<OpenQuestions, "hadWithin" | "none">) {
    this.#recordsMax = recordsMax;
    this.#questions = questions;
  }

  /** How many records the next transaction may have. */
  get recordsMax(): number {
    const isAsked = this.#questions.hadWithin(ASKED_WITHIN_MS);
    return isAsked ? Math.min(this.#recordsMax, RECORDS_MAX_ASKED) : this.#recordsMax;
  }

  /** How long the last transaction took. */
  get foldMs(): number {
    return this.#foldMs;
  }

  /** Runs a transaction, and lets answers have their turn. */
  async fold(transaction: () => void): Promise<void> {
    const startedAtMs = performance.now();
    transaction();
    this.#foldMs = performance.now() - startedAtMs;
    // What has come meanwhile is read in this turn, and open from then on.
    await nextTurn();
    await this.#questions.none(WAIT_MS_MAX);
  }
}
