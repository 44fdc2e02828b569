import { canonicalJson, compareAttributes, compareOrder, encodeOrder, printTime } from "@lastknown/shared";
import type { StoredState } from "../states/state-store.js";
import type { KnownOrders } from "./known-orders.js";
import type { Arrival } from "./partition-batch.js";

/** What a state is made of: an arrival, or an entry of the audit. */
export type StateSource = Pick<Arrival, "partition" | "bucket" | "event" | "order"> & {
  readonly record: { readonly offset: number };
};

/** What the store is to be asked about, by bucket. */
export interface AskedStates {
  /** Every bucket of an arrival, also where it need not be asked about anybody: its progress moves all the same. */
  readonly states: Map<number, StoredState[]>;
  /** How many users it need not be asked about, as it is known to have newer states of them. */
  readonly knownUsers: number;
}

/** The newest arrival of each user, by bucket. Others of the same batch cannot win, so the store need not see them. */
export function newestStates(arrivals: readonly StateSource[], topic: string): Map<number, StoredState[]> {
  return askedStates(arrivals, topic, NOTHING_KNOWN).states;
}

/** The same without those that are older than what the store is known to have. */
export function askedStates(
  arrivals: readonly StateSource[],
  topic: string,
  known: Pick<KnownOrders, "has">,
): AskedStates {
  const newest = new Map<string, StateSource>();
  for (const arrival of arrivals) {
    const before = newest.get(arrival.event.user);
    if (before === undefined || isNewer(arrival, before)) {
      newest.set(arrival.event.user, arrival);
    }
  }
  const states = new Map<number, StoredState[]>();
  let knownUsers = 0;
  for (const arrival of newest.values()) {
    let ofBucket = states.get(arrival.bucket);
    if (ofBucket === undefined) states.set(arrival.bucket, (ofBucket = []));
    if (known.has(arrival.event.user, arrival.order)) knownUsers++;
    else ofBucket.push(stateOf(arrival, topic));
  }
  return { states, knownUsers };
}

const NOTHING_KNOWN: Pick<KnownOrders, "has"> = { has: () => false };

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
