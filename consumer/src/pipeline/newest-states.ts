import { canonicalJson, compareAttributes, compareOrder, encodeOrder, printTime } from "@lastknown/shared";
import type { StoredState } from "../states/state-store.js";
import type { Arrival } from "./partition-batch.js";

/** What a state is made of: an arrival, or an entry of the audit. */
export type StateSource = Pick<Arrival, "partition" | "bucket" | "event" | "order"> & {
  readonly record: { readonly offset: number };
};

/** The newest arrival of each user, by bucket. Others of the same batch cannot win, so the store need not see them. */
export function newestStates(arrivals: readonly StateSource[], topic: string): Map<number, StoredState[]> {
  const newest = new Map<string, StateSource>();
  for (const arrival of arrivals) {
    const before = newest.get(arrival.event.user);
    if (before === undefined || isNewer(arrival, before)) {
      newest.set(arrival.event.user, arrival);
    }
  }
  const states = new Map<number, StoredState[]>();
  for (const arrival of newest.values()) {
    const state = stateOf(arrival, topic);
    const bucket = states.get(arrival.bucket);
    if (bucket === undefined) states.set(arrival.bucket, [state]);
    else bucket.push(state);
  }
  return states;
}

function isNewer(arrival: StateSource, before: StateSource): boolean {
  const difference = compareOrder(arrival.order, before.order);
  if (difference !== 0) return difference > 0;
  return compareAttributes(arrival.event.attributes, before.event.attributes) > 0;
}

function stateOf({ event, order, partition, record }: StateSource, topic: string): StoredState {
  return {
    user: event.user,
    order: encodeOrder(order),
    timeStamp: printTime(event.timeStamp),
    sts: printTime(event.sts),
    attributes: canonicalJson(event.attributes),
    source: `${topic}/${partition}/${record.offset}`,
  };
}
