import type { Moment } from "../file/moment.js";

/** One arrival of one observation, from the file or from the events topic. */
export interface Arrival {
  readonly user: string;
  readonly timeStamp: Moment;
  readonly sts: Moment;
  /** 32 lower-case hex digits. */
  readonly eventId: string;
  /** Canonical JSON. */
  readonly attributes: string;
}
