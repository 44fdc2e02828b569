import { setImmediate as nextTurn } from "node:timers/promises";
import { compareAttributes, compareOrder } from "@lastknown/shared";
import type { Arrival, OrderPosition } from "../view/arrival.js";
import type { OrderBound, ViewStore } from "../view/view-store.js";
import type { AnswerContext } from "./answer-context.js";
import { arrivalAt } from "./arrival-at.js";
import { stateOf } from "./user-state.js";

/** Steps before other work gets its turn: about 5 ms, as each may decode an event. */
const STEPS_PER_TURN = 500;

/**
 * The newest of the arrivals of one order: the one with the greatest attributes, of equal ones the first received.
 * They have one order_time and one sts, so a moment lets all of them in or none.
 *
 * Folding sorts by order alone, as it must not decode whole events; what an order leaves open is decided here.
 * Exact copies are told by their bytes and not decoded.
 *
 * @param first the arrival of the order that stands as the greatest
 * @throws UnreadableArrivalError where the columns of one that counts cannot be read
 */
export async function newestOfTied(
  context: AnswerContext,
  place: { topic: string; partition: number },
  user: string,
  first: OrderPosition,
): Promise<OrderPosition> {
  const { store, schemas } = context;
  let newest: Arrival | undefined;
  let bound: OrderBound = { below: first };
  for (;;) {
    const tied = nextTied(store, user, bound, first);
    for (const { offset } of tied) {
      newest ??= arrivalAt(store, user, first.offset);
      const arrival = arrivalAt(store, user, offset);
      if (isCopy(arrival, newest)) continue;
      const [mine, greatest] = [stateOf(arrival, place, schemas), stateOf(newest, place, schemas)];
      if (compareAttributes(mine.attributes, greatest.attributes) > 0) newest = arrival;
    }
    const last = tied.at(-1);
    if (last === undefined || tied.length < STEPS_PER_TURN) return newest ?? first;
    bound = { below: last };
    await nextTurn();
  }
}

/** Up to STEPS_PER_TURN arrivals of the same order as `first`, by ascending offset. */
function nextTied(store: ViewStore, user: string, bound: OrderBound, first: OrderPosition): OrderPosition[] {
  const tied: OrderPosition[] = [];
  for (const position of store.byOrder(user, bound)) {
    if (compareOrder(position.order, first.order) !== 0) break;
    tied.push(position);
    if (tied.length === STEPS_PER_TURN) break;
  }
  return tied;
}

function isCopy(one: Arrival, other: Arrival): boolean {
  return one.schemaId === other.schemaId && one.body.equals(other.body);
}
