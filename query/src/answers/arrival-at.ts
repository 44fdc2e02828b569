import type { Arrival } from "../view/arrival.js";
import type { ViewStore } from "../view/view-store.js";

/** The view was emptied to be built anew while a question went through it. */
export class ArrivalGoneError extends Error {
  override readonly name = "ArrivalGoneError";
}

/** The arrival at a position that the view has given. @throws ArrivalGoneError */
export function arrivalAt(store: ViewStore, user: string, offset: number): Arrival {
  const arrival = store.arrival(user, offset);
  if (arrival === undefined) throw new ArrivalGoneError("the view is being built anew");
  return arrival;
}
