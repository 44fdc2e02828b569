import { setImmediate as nextTurn } from "node:timers/promises";
import { compareOrder } from "@lastknown/shared";
import type { OrderPosition } from "../view/arrival.js";
import type { OrderBound, ViewStore } from "../view/view-store.js";
import { WHOLE_ORDER } from "./answer-context.js";
import { SCANNED_BYTES_MAX } from "./history.js";
import { isAfter, isReceivedBy, isWithin, type Moment } from "./newest-arrival.js";

export interface ArrivalCounts {
  readonly total: number;
  /** Those that the moment lets in. */
  readonly considered: number;
  readonly afterAt: number;
  readonly receivedAfterKnownAt: number;
  /** False if the user has more than were counted. */
  readonly complete: boolean;
}

/** Whose losers are looked for, and where to stop. */
export interface LosersQuestion {
  readonly user: string;
  readonly moment: Moment;
  readonly winner: OrderPosition;
  /** How many of each kind. */
  readonly limit: number;
  /** Arrivals from this source offset on are left out. */
  readonly sourceEnd: number;
}

export interface Losers {
  /** From the greatest order down: the next by order, what the moment left out, and the last received. */
  readonly positions: readonly OrderPosition[];
  readonly arrivals: ArrivalCounts;
}

const WALKED_MAX = 50_000;
/** Steps before other work gets its turn: about 5 ms. */
const WALKED_PER_TURN = 2000;

/** Counts a user's arrivals and finds those that lost to the winner, up to `limit` of each kind. */
export async function findLosers(store: ViewStore, question: LosersQuestion): Promise<Losers> {
  const { excluded, ...counted } = await countArrivals(store, question);
  const found = [...excluded, ...(await nextByOrder(store, question)), ...lastReceived(store, question)];
  const byOffset = new Map(found.map(({ offset, order }) => [offset, { offset, order }]));
  byOffset.delete(question.winner.offset);
  const positions = [...byOffset.values()].sort(
    (a, b) => compareOrder(b.order, a.order) || a.offset - b.offset,
  );
  return { positions, ...counted };
}

async function countArrivals(
  store: ViewStore,
  { user, moment, limit, sourceEnd }: LosersQuestion,
): Promise<{ arrivals: ArrivalCounts; excluded: OrderPosition[] }> {
  const counts = { total: 0, considered: 0, afterAt: 0, receivedAfterKnownAt: 0 };
  const excluded: OrderPosition[] = [];
  const complete = await walkDown(store, user, WHOLE_ORDER, (position) => {
    if (position.offset >= sourceEnd) return true;
    counts.total++;
    if (isAfter(position, moment)) counts.afterAt++;
    if (!isReceivedBy(position, moment)) counts.receivedAfterKnownAt++;
    if (isWithin(position, moment)) counts.considered++;
    else if (excluded.length < limit) excluded.push(position);
    return true;
  });
  return { arrivals: { ...counts, complete }, excluded };
}

/** Arrivals that tie with the winner may stand before it. */
async function nextByOrder(
  store: ViewStore,
  { user, moment, winner, limit, sourceEnd }: LosersQuestion,
): Promise<OrderPosition[]> {
  const next: OrderPosition[] = [];
  await walkDown(store, user, { orderMax: winner.order }, (position) => {
    const isLoser = position.offset !== winner.offset && position.offset < sourceEnd;
    if (isLoser && isWithin(position, moment)) next.push(position);
    return next.length < limit;
  });
  return next;
}

function lastReceived(store: ViewStore, { user, limit, sourceEnd }: LosersQuestion): OrderPosition[] {
  const last: OrderPosition[] = [];
  let steps = 0;
  let bytes = 0;
  for (const arrival of store.latestReceived(user)) {
    if (arrival.offset < sourceEnd) last.push(arrival);
    bytes += arrival.body.length;
    if (last.length === limit || ++steps === WALKED_PER_TURN || bytes >= SCANNED_BYTES_MAX) break;
  }
  return last;
}

/**
 * Visits a user's arrivals from a bound down, a bounded number of them in each turn of the event loop, until
 * `visit` says false.
 *
 * @returns whether it came to the last one
 */
async function walkDown(
  store: ViewStore,
  user: string,
  from: OrderBound,
  visit: (position: OrderPosition) => boolean,
): Promise<boolean> {
  let bound = from;
  for (let walked = 0; walked < WALKED_MAX; walked += WALKED_PER_TURN) {
    let steps = 0;
    let last: OrderPosition | undefined;
    for (const position of store.byOrder(user, bound)) {
      if (!visit(position)) return false;
      last = position;
      if (++steps === WALKED_PER_TURN) break;
    }
    if (last === undefined || steps < WALKED_PER_TURN) return true;
    bound = { below: last };
    await nextTurn();
  }
  return false;
}
