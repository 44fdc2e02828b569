import { setImmediate as nextTurn } from "node:timers/promises";
import type { FoldedArrival } from "../view/arrival.js";
import type { AnswerContext } from "./answer-context.js";
import { foldedArrivalAt } from "./arrival-at.js";
import { judgementOf, PAGE_BYTES_MAX, type JudgedState } from "./history.js";
import { findLosers, type ArrivalCounts } from "./losers.js";
import { newestArrival, type Moment } from "./newest-arrival.js";
import { stateOf } from "./user-state.js";
import { whyLost, type Reason } from "./why-lost.js";

export interface ExplainQuestion {
  readonly user: string;
  readonly moment: Moment;
  /** How many of each kind of loser. */
  readonly limit: number;
}

export interface Explanation {
  readonly user: string;
  readonly winner: JudgedState;
  /** From the greatest order down: the next by order, what the moment left out, and the last received. */
  readonly lost: readonly LostArrival[];
  /** Whether each of the user's arrivals but the winner is in `lost`. */
  readonly lostComplete: boolean;
  readonly arrivals: ArrivalCounts;
}

export interface LostArrival {
  readonly state: JudgedState;
  readonly reasons: readonly Reason[];
}

/** Losers before other work gets its turn: about 5 ms, as each is decoded and judged. */
const JUDGED_PER_TURN = 50;

/**
 * Which arrival won at the moment, which lost to it and why; undefined if none had come by then. Their events
 * have PAGE_BYTES_MAX together, or little more: the rest of the losers is left out.
 *
 * What is folded meanwhile is left out too, or it could be called a loser though it is newer than the winner.
 */
export async function explain(
  context: AnswerContext,
  place: { topic: string; partition: number },
  question: ExplainQuestion,
): Promise<Explanation | undefined> {
  const { store, schemas } = context;
  const { user, moment } = question;
  const asked = store.position(place.partition);
  const winner = await newestArrival(context, place, user, moment);
  if (winner === undefined) return undefined;
  const sourceEnd = Math.max(asked.sourceEnd, winner.offset + 1);
  const { positions, arrivals } = await findLosers(store, { ...question, winner, sourceEnd });

  const judged = (arrival: FoldedArrival): JudgedState => {
    return { ...stateOf(arrival, place, schemas), ...judgementOf(arrival) };
  };
  const winnersState = judged(foldedArrivalAt(store, user, winner.offset));
  const lost: LostArrival[] = [];
  let bytes = 0;
  for (const loser of positions) {
    if (bytes >= PAGE_BYTES_MAX) break;
    const arrival = foldedArrivalAt(store, user, loser.offset);
    bytes += arrival.body.length;
    const state = judged(arrival);
    const contenders = [
      { ...loser, attributes: state.attributes },
      { ...winner, attributes: winnersState.attributes },
    ] as const;
    lost.push({ state, reasons: whyLost(...contenders, moment) });
    if (lost.length % JUDGED_PER_TURN === 0) await nextTurn();
  }
  const lostComplete = arrivals.complete && lost.length === arrivals.total - 1;
  return { user, winner: winnersState, lost, lostComplete, arrivals };
}
