import { USER_ID_BYTES_MAX, userIdProblem, type Micros } from "@lastknown/shared";
import type { ColumnMapping } from "../columns/column-mapping.js";
import type { Problem } from "../csv/rejection.js";
import { TimeReader, type TimeOptions } from "./time-reader.js";

/** What a row says before its attributes are looked at. */
export interface RowHead {
  readonly user: string;
  readonly timeStamp: Micros;
  readonly sts: Micros;
  /** Times of the row that had more than six fraction digits: 0, 1 or 2. */
  readonly truncated: number;
}

export function isProblem(found: object): found is Problem {
  return "reason" in found;
}

/** Reads who a row is about and its two times. */
export class RowReader {
  readonly #mapping: ColumnMapping;
  readonly #time: TimeReader;
  readonly #arrival: TimeReader | undefined;

  constructor(mapping: ColumnMapping, options: TimeOptions) {
    this.#mapping = mapping;
    this.#time = new TimeReader(mapping.header[mapping.time] as string, options);
    this.#arrival =
      mapping.arrival === undefined
        ? undefined
        : new TimeReader(mapping.header[mapping.arrival] as string, options);
  }

  read(cells: readonly string[]): RowHead | Problem {
    const user = cells[this.#mapping.user] as string;
    if (user === "") return { reason: "no-user", detail: `column ${this.#userColumn()} is empty` };
    const badUser = userIdProblem(user);
    if (badUser !== undefined)
      return { reason: "bad-user", detail: `${badUser} (at most ${USER_ID_BYTES_MAX} bytes)` };
    const time = this.#time.read(cells[this.#mapping.time] as string);
    if (time.kind === "problem") return time.problem;
    if (this.#arrival === undefined) {
      return { user, timeStamp: time.micros, sts: time.micros, truncated: Number(time.truncated) };
    }
    const arrival = this.#arrival.read(cells[this.#mapping.arrival as number] as string);
    if (arrival.kind === "problem") return arrival.problem;
    const truncated = Number(time.truncated) + Number(arrival.truncated);
    return { user, timeStamp: time.micros, sts: arrival.micros, truncated };
  }

  #userColumn(): string {
    return JSON.stringify(this.#mapping.header[this.#mapping.user]);
  }
}
