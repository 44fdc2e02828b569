import type { EventId, Micros } from "@lastknown/shared";
import { SeenIds } from "./seen-ids.js";

/** So many users are told apart; the figures count the first ones only past it. */
const USERS_MAX = 1_000_000;

export interface Arrivals {
  /** Different users. */
  readonly users: number;
  /** Rows whose `time_stamp` is before the newest that came earlier for their user. */
  readonly late: number;
  /** Rows whose event id came earlier: the same observation again. */
  readonly duplicates: number;
  /** Rows that have the same `sts` as the row before them of their user. */
  readonly ties: number;
  /** False: so many users or ids that the counts above are lower bounds. */
  readonly exact: boolean;
}

interface UserState {
  newest: Micros;
  lastSts: Micros;
}

/** Counts what is out of order in rows that come in the order of arrival, in bounded memory. */
export class ArrivalStatistics {
  readonly #users = new Map<string, UserState>();
  readonly #seen = new SeenIds();
  #late = 0;
  #duplicates = 0;
  #ties = 0;
  #exact = true;

  add(row: { user: string; timeStamp: Micros; sts: Micros; eventId: EventId }): void {
    if (this.#seen.addAndTell(row.eventId)) this.#duplicates++;
    const state = this.#users.get(row.user);
    if (state === undefined) {
      this.#addUser(row);
      return;
    }
    if (row.timeStamp < state.newest) this.#late++;
    else state.newest = row.timeStamp;
    if (row.sts === state.lastSts) this.#ties++;
    state.lastSts = row.sts;
  }

  summary(): Arrivals {
    return {
      users: this.#users.size,
      late: this.#late,
      duplicates: this.#duplicates,
      ties: this.#ties,
      exact: this.#exact && this.#seen.exact,
    };
  }

  #addUser({ user, timeStamp, sts }: { user: string; timeStamp: Micros; sts: Micros }): void {
    if (this.#users.size >= USERS_MAX) {
      this.#exact = false;
      return;
    }
    // A copy: the text may be a piece of its whole row, which would live as long.
    this.#users.set(Buffer.from(user).toString(), { newest: timeStamp, lastSts: sts });
  }
}
