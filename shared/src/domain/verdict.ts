import { compareOrder, isClamped, type Order } from "./order.js";

/**
 * What an arrival did to its user's state, found by folding the user's arrivals in the order of their source
 * offsets. It changes when arrivals are redelivered, so it is never stored beside one: readers derive it.
 */
export type Verdict = "applied" | "duplicate" | "stale";

export const VERDICTS: readonly Verdict[] = ["applied", "duplicate", "stale"];

export interface Judgement {
  readonly verdict: Verdict;
  /** The device's clock ran ahead: order_time differs from time_stamp. */
  readonly clamped: boolean;
  /** This event_id was seen before, whatever the verdict: in A, B, A again the second A may apply again. */
  readonly repeated: boolean;
}

/**
 * Judges one arrival.
 *
 * @param state the greatest order among the arrivals before this one, if there were any
 * @param seenBefore whether an arrival before this one had the same event_id
 */
export function judge(arrival: Order, state: Order | undefined, seenBefore: boolean): Judgement {
  return {
    verdict: verdictOf(arrival, state, seenBefore),
    clamped: isClamped(arrival),
    repeated: seenBefore,
  };
}

function verdictOf(arrival: Order, state: Order | undefined, seenBefore: boolean): Verdict {
  if (state === undefined) return "applied";
  const newer = compareOrder(arrival, state) > 0;
  // The state's own event again: only its sts and source move on, the state was this event already.
  if (newer) return arrival.eventId === state.eventId ? "duplicate" : "applied";
  return seenBefore ? "duplicate" : "stale";
}
