interface Look {
  readonly atMs: number;
  readonly total: number;
}

/** A look is forgotten after so many times the time over which is told: a mean over more is not one of the last seconds. */
const COVERED_MAX = 2;

/**
 * How fast a total grows, over the last seconds. A total that gets less (a late commit sets an offset back, a topic
 * was made anew) begins anew from there: nothing is told as having gone backwards. So does one that nobody could look
 * at for long.
 */
export class Pace {
  readonly #overMs: number;
  /** Ascending in both; at most one per look, and none older than needed. */
  readonly #looks: Look[] = [];

  constructor(overSeconds: number) {
    this.#overMs = overSeconds * 1000;
  }

  /** @param atMs when the total was so, by a clock that never goes back; a look that was given before is ignored */
  look(atMs: number, total: number): void {
    const last = this.#looks.at(-1);
    if (last !== undefined && atMs <= last.atMs) return;
    if (last !== undefined && total < last.total) this.#looks.length = 0;
    this.#looks.push({ atMs, total });
    // One that is older than the time stays, so that the time is covered.
    while ((this.#looks[1]?.atMs ?? Infinity) <= atMs - this.#overMs) this.#looks.shift();
    while ((this.#looks[0]?.atMs ?? Infinity) < atMs - this.#overMs * COVERED_MAX) this.#looks.shift();
  }

  /** By how much it grew over the time, or since it is looked at, if that is shorter; undefined before the second look. */
  get growth(): number | undefined {
    const [first, last] = [this.#looks[0], this.#looks.at(-1)];
    return first === undefined || last === undefined || first === last ? undefined : last.total - first.total;
  }

  get perSecond(): number | undefined {
    const [first, last] = [this.#looks[0], this.#looks.at(-1)];
    if (first === undefined || last === undefined || first === last) return undefined;
    return ((last.total - first.total) * 1000) / (last.atMs - first.atMs);
  }
}
