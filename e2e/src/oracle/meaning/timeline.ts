import type { Arrival } from "../event/arrival.js";
import type { Moment } from "../file/moment.js";
import { compareOrders, orderOf, type FutureSkew, type Order } from "./order.js";

export type Verdict = "applied" | "duplicate" | "stale";

/** One arrival with what became of it. */
export interface JudgedArrival {
  readonly arrival: Arrival;
  readonly order: Order;
  readonly verdict: Verdict;
  /** The clock ran so far ahead that the order does not believe it. */
  readonly clamped: boolean;
  /** The same event had come before, whatever the verdict. */
  readonly repeated: boolean;
}

/** Which of two clocks a question names; both may be absent. */
export interface Question {
  /** What was true then, by all that is known now. */
  readonly at?: Moment;
  /** What our side had received by then. */
  readonly knownAt?: Moment;
}

/** All that is to be known of one user. Its arrivals stand in the order of their source offsets. */
export interface Timeline {
  readonly user: string;
  readonly arrivals: readonly JudgedArrival[];
  readonly state: JudgedArrival;
}

/** Folds a user's arrivals (at least one), which stand in the order of their source offsets. */
export function foldTimeline(user: string, arrivals: readonly Arrival[], skew: FutureSkew): Timeline {
  const seen = new Set<string>();
  let state: JudgedArrival | undefined;
  const judged: JudgedArrival[] = [];
  for (const arrival of arrivals) {
    const order = orderOf(arrival, skew);
    const newer = state === undefined || compareOrders(order, state.order) > 0;
    const repeated = seen.has(arrival.eventId);
    const verdict = verdictOf({ newer, repeated, ownEvent: state?.arrival.eventId === arrival.eventId });
    const clamped = order[0] !== arrival.timeStamp;
    const result: JudgedArrival = { arrival, order, verdict, clamped, repeated };
    judged.push(result);
    seen.add(arrival.eventId);
    if (newer) state = result;
  }
  if (state === undefined) throw new RangeError(`no arrivals of ${user}`);
  return { user, arrivals: judged, state };
}

function verdictOf(facts: { newer: boolean; repeated: boolean; ownEvent: boolean }): Verdict {
  if (facts.newer) return facts.ownEvent ? "duplicate" : "applied";
  return facts.repeated ? "duplicate" : "stale";
}

/** The greatest arrival that the question admits, looked for among all of them; undefined if there is none. */
export function answer(timeline: Timeline, { at, knownAt }: Question): JudgedArrival | undefined {
  let best: JudgedArrival | undefined;
  for (const judged of timeline.arrivals) {
    const [orderTime, sts] = judged.order;
    if (at !== undefined && orderTime > at) continue;
    if (knownAt !== undefined && sts > knownAt) continue;
    if (best === undefined || compareOrders(judged.order, best.order) > 0) best = judged;
  }
  return best;
}
