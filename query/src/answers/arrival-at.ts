import type { Arrival, FoldedArrival } from "../view/arrival.js";
import type { ViewStore } from "../view/view-store.js";

/** A position that the view has given leads nowhere: it was emptied meanwhile, or does not fit together. */
export class ArrivalGoneError extends Error {
  override readonly name = "ArrivalGoneError";

  constructor() {
    super("an arrival stands in the order and not among the arrivals");
  }
}

/** The arrival at a position that the view has given. @throws ArrivalGoneError */
export function arrivalAt(store: ViewStore, user: string, offset: number): Arrival {
  const arrival = store.arrival(user, offset);
  if (arrival === undefined) throw new ArrivalGoneError();
  return arrival;
}

/** The same, with what the arrivals before it say of it. @throws ArrivalGoneError */
export function foldedArrivalAt(store: ViewStore, user: string, offset: number): FoldedArrival {
  for (const arrival of store.bySource(user, offset)) if (arrival.offset === offset) return arrival;
  throw new ArrivalGoneError();
}
