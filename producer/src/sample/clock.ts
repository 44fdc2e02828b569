import type { Micros } from "@lastknown/shared";
import type { Random } from "./random.js";

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;
const DAY: Micros = 24 * 60 * MINUTE;

/**
 * What a vehicle's own clock shows at a moment of true time.
 *
 * - right: off by no more than the way to us
 * - fast: 12 minutes ahead, past the five that the order believes
 * - days-ahead: at times whole days ahead, then right again
 * - slow: 40 minutes behind
 * - unset: counts from 1970 on, as a device does that never learned the time
 */
export type Clock = "right" | "fast" | "days-ahead" | "slow" | "unset";

const FAST: Micros = 12 * MINUTE;
const SLOW: Micros = 40 * MINUTE;
const DAYS_AHEAD_PER_MILLE = 60;

/** Fixed places in the fleet, so that a small fleet too has each kind. */
const ODD_CLOCKS: ReadonlyMap<number, Clock> = new Map([
  [3, "fast"],
  [7, "days-ahead"],
  [11, "slow"],
  [13, "unset"],
]);
const ODD_CLOCKS_REPEAT_EVERY = 20;

export function clockOf(vehicleIndex: number): Clock {
  return ODD_CLOCKS.get(vehicleIndex % ODD_CLOCKS_REPEAT_EVERY) ?? "right";
}

/** The device's reading of `moment`; `bootedAt` is when an unset clock stood at 1970. */
export function readClock(clock: Clock, moment: Micros, bootedAt: Micros, random: Random): Micros {
  switch (clock) {
    case "right":
      return moment;
    case "fast":
      return moment + FAST;
    case "days-ahead":
      return random.chance(DAYS_AHEAD_PER_MILLE) ? moment + random.between(1, 9) * DAY : moment;
    case "slow":
      return moment - SLOW;
    case "unset":
      return DAY + (moment - bootedAt);
  }
}
