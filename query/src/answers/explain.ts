import { setImmediate as nextTurn } from "node:timers/promises";
import { compareOrder } from "@lastknown/shared";
import type { FoldedArrival, OrderPosition } from "../view/arrival.js";
import type { OrderBound, ViewStore } from "../view/view-store.js";
import { judgementOf, type JudgedState } from "./history.js";
import { isAfter, isReceivedBy, isWithin, newestArrival, type Moment } from "./newest-arrival.js";
import { ArrivalGoneError } from "./arrival-at.js";
import { stateOf } from "./user-state.js";
import { WHOLE_ORDER, type AnswerContext } from "./answer-context.js";
import { whyLost, type Reason } from "./why-lost.js";

export interface Explanation {
  readonly user: string;
  readonly winner: JudgedState;
  /** From the greatest order down: the next by order, what the moment left out, and the last received. */
  readonly lost: readonly LostArrival[];
  readonly arrivals: ArrivalCounts;
}

export interface LostArrival {
  readonly state: JudgedState;
  readonly reasons: readonly Reason[];
}

export interface ArrivalCounts {
  readonly total: number;
  /** Those that the moment lets in. */
  readonly considered: number;
  readonly afterAt: number;
  readonly receivedAfterKnownAt: number;
  /** False if the user has more than were counted. */
  readonly complete: boolean;
}

/** How many of each kind of loser are shown. */
const LOSERS_MAX = 5;
const COUNTED_MAX = 50_000;
const COUNTED_PER_TURN = 2000;

/** Which arrival won at the moment, which lost to it and why; undefined if none had come by then. */
export async function explain(
  context: AnswerContext,
  place: { topic: string; partition: number },
  user: string,
  moment: Moment,
): Promise<Explanation | undefined> {
  const { store, schemas } = context;
  const winner = await newestArrival(context, place, user, moment);
  if (winner === undefined) return undefined;
  const arrivals = await countArrivals(store, user, moment);
  const judged = (position: OrderPosition): JudgedState => {
    const arrival = foldedArrival(store, user, position.offset);
    return { ...stateOf(arrival, place, schemas), ...judgementOf(arrival) };
  };
  const winnersState = judged(winner);
  const lost = losers(store, user, winner, moment).map((loser) => {
    const state = judged(loser);
    const contenders = [
      { ...loser, attributes: state.attributes },
      { ...winner, attributes: winnersState.attributes },
    ] as const;
    return { state, reasons: whyLost(...contenders, moment) };
  });
  return { user, winner: winnersState, lost, arrivals };
}

function foldedArrival(store: ViewStore, user: string, offset: number): FoldedArrival {
  for (const arrival of store.bySource(user, offset)) if (arrival.offset === offset) return arrival;
  throw new ArrivalGoneError("the view is being built anew");
}

function losers(store: ViewStore, user: string, winner: OrderPosition, moment: Moment): OrderPosition[] {
  const excluded = take(store.byOrder(user, WHOLE_ORDER), (position) => !isWithin(position, moment));
  // Arrivals that tie with the winner may stand before it.
  const fromWinnerDown = store.byOrder(user, { orderMax: winner.order });
  const nextByOrder = take(fromWinnerDown, (position) => {
    return position.offset !== winner.offset && isWithin(position, moment);
  });
  const lastReceived = take(store.latestReceived(user), () => true);
  const byOffset = new Map(
    [...excluded, ...nextByOrder, ...lastReceived].map((loser) => [loser.offset, loser]),
  );
  byOffset.delete(winner.offset);
  return [...byOffset.values()].sort((a, b) => compareOrder(b.order, a.order) || a.offset - b.offset);
}

/** The first that fit; looks no further than a bounded number of steps. */
function take(
  positions: Iterable<OrderPosition>,
  fits: (position: OrderPosition) => boolean,
): OrderPosition[] {
  const taken: OrderPosition[] = [];
  let steps = 0;
  for (const position of positions) {
    if (fits(position)) taken.push({ order: position.order, offset: position.offset });
    if (taken.length === LOSERS_MAX || ++steps === COUNTED_PER_TURN) break;
  }
  return taken;
}

async function countArrivals(store: ViewStore, user: string, moment: Moment): Promise<ArrivalCounts> {
  const counts = { total: 0, considered: 0, afterAt: 0, receivedAfterKnownAt: 0 };
  let bound: OrderBound = WHOLE_ORDER;
  while (counts.total < COUNTED_MAX) {
    let steps = 0;
    let last: OrderPosition | undefined;
    for (const position of store.byOrder(user, bound)) {
      last = position;
      counts.total++;
      if (isAfter(position, moment)) counts.afterAt++;
      if (!isReceivedBy(position, moment)) counts.receivedAfterKnownAt++;
      if (isWithin(position, moment)) counts.considered++;
      if (++steps === COUNTED_PER_TURN) break;
    }
    if (last === undefined || steps < COUNTED_PER_TURN) return { ...counts, complete: true };
    bound = { below: last };
    await nextTurn();
  }
  return { ...counts, complete: false };
}
