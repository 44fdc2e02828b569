import type { Moment } from "../file/moment.js";

/** Where an arrival's record stands in the events topic. */
export interface Source {
  readonly partition: number;
  readonly offset: number;
}

/** One arrival of one observation, from the file or from the events topic. */
export interface Arrival {
  readonly user: string;
  readonly timeStamp: Moment;
  readonly sts: Moment;
  /** 32 lower-case hex digits. */
  readonly eventId: string;
  /** Canonical JSON. */
  readonly attributes: string;
  /** Known where the arrival was read from the topic. */
  readonly source?: Source;
}
