/** About half a minute of a partition to which something is appended all the time. */
const RECENT_MAX = 100;
/** As many of a month lie apart by some tenth of their age. */
const OLDER_MAX = 100;

interface Sample {
  /** The first such moment. */
  readonly sinceMs: number;
  /** The last moment at which the partition was seen to end there, in ms of a clock that never goes back. */
  seenAtMs: number;
  readonly end: number;
}

/** Where one partition was seen to end, and when: bounds the age of a record without reading it. */
export class EndSamples {
  /** Every look's; ascending in both, as the older are. */
  readonly #recent: Sample[] = [];
  /** Of what was before the recent ones, the very first among them. */
  readonly #older: Sample[] = [];

  add(seenAtMs: number, end: number): void {
    const last = this.#recent.at(-1);
    if (last !== undefined && end <= last.end) {
      last.seenAtMs = seenAtMs;
      return;
    }
    this.#recent.push({ sinceMs: seenAtMs, seenAtMs, end });
    if (this.#recent.length <= RECENT_MAX) return;
    this.#older.push(this.#recent.shift() as Sample);
    if (this.#older.length > OLDER_MAX) this.#thinOut(seenAtMs);
  }

  /** Drops one that tells least: whose neighbours are closest, for their age. The very first stays. */
  #thinOut(nowMs: number): void {
    let dropped = 1;
    let leastGap = Infinity;
    for (let index = 1; index < this.#older.length - 1; index++) {
      const [before, at, after] = this.#older.slice(index - 1, index + 2) as [Sample, Sample, Sample];
      const gap = (after.sinceMs - before.sinceMs) / (nowMs - at.sinceMs);
      if (gap >= leastGap) continue;
      leastGap = gap;
      dropped = index;
    }
    this.#older.splice(dropped, 1);
  }

  /**
   * The last look at which the record at this offset was not there yet: it cannot have waited for longer. Undefined if
   * that is longer ago than the recent looks.
   */
  absentAtMs(offset: number): number | undefined {
    return this.#recent.findLast(({ end }) => end <= offset)?.seenAtMs;
  }

  /** About the first look that is known at which the record at this offset was there: it has waited at least since then. */
  presentSinceMs(offset: number): number | undefined {
    const isPast = ({ end }: Sample): boolean => end > offset;
    return (this.#older.find(isPast) ?? this.#recent.find(isPast))?.sinceMs;
  }

  /**
   * Some look at which the record at this offset was not there yet, though not the last: it has not waited for longer.
   * Undefined if it was there at the first.
   */
  longAbsentAtMs(offset: number): number | undefined {
    return this.absentAtMs(offset) ?? this.#older.findLast(({ end }) => end <= offset)?.seenAtMs;
  }
}
