/** About half a minute of a partition to which something is appended all the time. */
const SAMPLES_MAX = 100;

interface Sample {
  /** The first such moment. */
  readonly sinceMs: number;
  /** The last moment at which the partition was seen to end there, in ms of a clock that never goes back. */
  seenAtMs: number;
  readonly end: number;
}

/** Where one partition was seen to end, and when: bounds the age of a record without reading it. */
export class EndSamples {
  /** Ascending in both. */
  readonly #samples: Sample[] = [];

  add(seenAtMs: number, end: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && end <= last.end) {
      last.seenAtMs = seenAtMs;
      return;
    }
    this.#samples.push({ sinceMs: seenAtMs, seenAtMs, end });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /**
   * A moment at which the record at this offset was not there yet, the last that is known: it cannot have waited
   * for longer. Undefined if it is older than the samples.
   */
  absentAtMs(offset: number): number | undefined {
    for (let index = this.#samples.length - 1; index >= 0; index--) {
      const { seenAtMs, end } = this.#samples[index] as Sample;
      if (end <= offset) return seenAtMs;
    }
    return undefined;
  }

  /** About the first look at which the record at this offset was there: it has waited at least since then. */
  presentSinceMs(offset: number): number | undefined {
    return this.#samples.find(({ end }) => end > offset)?.sinceMs;
  }
}
