import type { Micros } from "@lastknown/shared";
import type { ColumnMapping } from "../columns/column-mapping.js";
import { TimeReader, type TimeOptions } from "../rows/time-reader.js";

/** Rows looked at. */
const SAMPLE_ROWS = 5000;
/** A sending time follows the event within so long, in nearly all rows. */
const LATEST_AFTER: Micros = 366 * 86_400 * 1_000_000;
const SHARE_MIN = 0.9;
/** Fewer values say nothing. */
const VALUES_MIN = 3;

interface Candidate {
  readonly header: string;
  readonly index: number;
  readonly reader: TimeReader;
  values: number;
  afterEvent: number;
}

/**
 * Finds attributes that hold a time at or shortly after the event's: when it was polled, passed on, stored. Such
 * a column makes a new observation of each sending, so the user should name it with --not-identity.
 */
export class SendingTimes {
  #candidates: Candidate[];
  #rows = 0;

  constructor(mapping: ColumnMapping, options: TimeOptions) {
    this.#candidates = mapping.attributes
      .filter((index) => !mapping.notIdentity.has(index))
      .map((index) => {
        const header = mapping.header[index] as string;
        const reader = new TimeReader(header, { ...options, unit: "auto" });
        return { header, index, reader, values: 0, afterEvent: 0 };
      });
  }

  learn(cells: readonly string[], timeStamp: Micros): void {
    if (this.#rows >= SAMPLE_ROWS || this.#candidates.length === 0) return;
    this.#rows++;
    this.#candidates = this.#candidates.filter((candidate) => {
      const cell = cells[candidate.index] as string;
      if (cell === "") return true;
      const time = candidate.reader.read(cell);
      if (time.kind === "problem") return false;
      candidate.values++;
      const after = time.micros - timeStamp;
      // A second of grace: one of the two may be cut to whole seconds.
      if (after >= -1_000_000 && after <= LATEST_AFTER) candidate.afterEvent++;
      return true;
    });
  }

  found(): string[] {
    return this.#candidates
      .filter(({ values, afterEvent }) => values >= VALUES_MIN && afterEvent >= values * SHARE_MIN)
      .map(({ header }) => header);
  }
}
