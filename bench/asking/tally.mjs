import { spreadOf } from "../report/spread.mjs";

/** What became of questions. */
export class Tally {
  #waits = [];
  #failed = new Map();

  /** @param {number} status of the answer @param {number} waitMs */
  answered(status, waitMs) {
    this.#waits.push(waitMs);
    if (status !== 200 && status !== 404) this.#failed.set(status, (this.#failed.get(status) ?? 0) + 1);
  }

  /**
   * @param {number} seconds for which was asked
   * @param {readonly number[]} [unansweredMs] how long those had waited that had no answer by then
   */
  figures(seconds, unansweredMs = []) {
    return {
      perSecond: this.#waits.length / seconds,
      waits: spreadOf([...this.#waits, ...unansweredMs]),
      unanswered: unansweredMs.length,
      failed: Object.fromEntries(this.#failed),
    };
  }
}
