import { canonicalJson, compareAttributes, compareOrder } from "@lastknown/shared";
import type { NewestState } from "../states/state-store.js";
import type { KnownOrders } from "./known-orders.js";
import type { Arrival } from "./partition-batch.js";

/** What a state is made of: an arrival, or an entry of the audit. */
export type StateSource = Pick<Arrival, "partition" | "bucket" | "userBytes" | "event" | "order"> & {
  readonly record: { readonly offset: number };
};

/** The newest arrival of each user, by bucket. Others of the same batch cannot win, so the store need not see them. */
export function newestStates(arrivals: readonly StateSource[], topic: string): Map<number, NewestState[]> {
  return askedStates(arrivals, topic, NOTHING_KNOWN);
}

/**
 * The same without those that are older than what the store is known to have. Every bucket of an arrival is there, also
 * where the store need not be asked about anybody: its progress moves all the same.
 */
export function askedStates(
  arrivals: readonly StateSource[],
  topic: string,
  known: Pick<KnownOrders, "has">,
): Map<number, NewestState[]> {
  const newest = new Map<string, StateSource>();
  const states = new Map<number, NewestState[]>();
  for (const arrival of arrivals) {
    if (!states.has(arrival.bucket)) states.set(arrival.bucket, []);
    if (known.has(arrival.userBytes, arrival.order)) continue;
    const { user } = arrival.event;
    const before = newest.get(user);
    if (before === undefined || isNewer(arrival, before)) newest.set(user, arrival);
  }
  for (const arrival of newest.values()) states.get(arrival.bucket)?.push(stateOf(arrival, topic));
  return states;
}

const NOTHING_KNOWN: Pick<KnownOrders, "has"> = { has: () => false };

function isNewer(arrival: StateSource, before: StateSource): boolean {
  const difference = compareOrder(arrival.order, before.order);
  if (difference !== 0) return difference > 0;
  return compareAttributes(arrival.event.attributes, before.event.attributes) > 0;
}

function stateOf({ event, order, partition, record }: StateSource, topic: string): NewestState {
  const source = { topic, partition, offset: record.offset };
  return { user: event.user, order, attributes: canonicalJson(event.attributes), source };
}
