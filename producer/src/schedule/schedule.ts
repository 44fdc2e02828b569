import type { Micros } from "@lastknown/shared";

export interface Pace {
  /** How many times faster than the rows' own times; `max`: as fast as the broker takes them. */
  readonly speed: number | "max";
  /** Rows per second, whatever their times say. */
  readonly rate?: number | undefined;
  /** A longer silence between two rows is cut to this, in µs of the rows' own time. */
  readonly maxGap?: Micros | undefined;
}

/**
 * When each row is due, in ms after the start. Each moment follows from the rows' times alone, never from when
 * the row before was really sent, so delays do not add up.
 */
export class Schedule {
  readonly #pace: Pace;
  #count = 0;
  #previous: Micros | undefined;
  /** The rows' own time that has passed since the first, without what was cut from gaps. */
  #elapsed: Micros = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** The planned moment of the next row; undefined where nothing is planned (`max`). Call it once per row, in order. */
  plan(sts: Micros): number | undefined {
    const index = this.#count++;
    const { rate, speed, maxGap = Infinity } = this.#pace;
    if (rate !== undefined) return (index / rate) * 1000;
    if (speed === "max") return undefined;
    // A stream may step back; what is then due was due already.
    if (this.#previous === undefined || sts > this.#previous) {
      this.#elapsed += Math.min(sts - (this.#previous ?? sts), maxGap);
      this.#previous = sts;
    }
    return this.#elapsed / speed / 1000;
  }
}
