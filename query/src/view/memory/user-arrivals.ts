import { compareOrder, type Order } from "@lastknown/shared";
import { foldedArrival, type Arrival, type FoldedArrival, type OrderPosition } from "../arrival.js";
import type { OrderBound } from "../view-store.js";

interface Row {
  readonly arrival: Arrival;
  /** The greatest order up to and including this arrival. */
  maximum: Order;
}

/** One user's arrivals, sorted by source offset and by order. */
export class UserArrivals {
  /** Ascending by offset. */
  readonly #rows: Row[] = [];
  /** Ascending by order; of equal orders the first received stands last. */
  readonly #byOrder: Arrival[] = [];
  /** Event id → the first source offset with it. */
  readonly #seen = new Map<string, number>();

  /** Undefined where it was there. */
  add(arrival: Arrival): FoldedArrival | undefined {
    const { offset, order } = arrival;
    const index = firstIndex(this.#rows, (row) => row.arrival.offset >= offset);
    if (this.#rows[index]?.arrival.offset === offset) return undefined;
    const before = this.#rows[index - 1]?.maximum;
    const maximum = before !== undefined && compareOrder(before, order) > 0 ? before : order;
    insert(this.#rows, index, { arrival, maximum });
    this.#raiseMaximaAfter(index, order);
    const place = firstIndex(this.#byOrder, (other) => comparePosition(other, arrival) > 0);
    insert(this.#byOrder, place, arrival);
    const firstSeen = this.#seen.get(order.eventId) ?? offset;
    this.#seen.set(order.eventId, Math.min(offset, firstSeen));
    return foldedArrival(arrival, before, firstSeen < offset);
  }

  #raiseMaximaAfter(index: number, order: Order): void {
    for (let next = index + 1; next < this.#rows.length; next++) {
      const row = this.#rows[next] as Row;
      if (compareOrder(row.maximum, order) >= 0) return;
      row.maximum = order;
    }
  }

  arrival(offset: number): Arrival | undefined {
    const row = this.#rows[firstIndex(this.#rows, (other) => other.arrival.offset >= offset)];
    return row?.arrival.offset === offset ? row.arrival : undefined;
  }

  *bySource(fromOffset: number): Iterable<FoldedArrival> {
    const first = firstIndex(this.#rows, (row) => row.arrival.offset >= fromOffset);
    for (let index = first; index < this.#rows.length; index++) {
      const { arrival } = this.#rows[index] as Row;
      const firstSeen = this.#seen.get(arrival.order.eventId) as number;
      const stateBefore = this.#rows[index - 1]?.maximum;
      yield foldedArrival(arrival, stateBefore, firstSeen < arrival.offset);
    }
  }

  *latestReceived(): Iterable<Arrival> {
    for (let index = this.#rows.length - 1; index >= 0; index--) yield (this.#rows[index] as Row).arrival;
  }

  *byOrder(bound: OrderBound): Iterable<OrderPosition> {
    for (let index = firstIndex(this.#byOrder, isAbove(bound)) - 1; index >= 0; index--) {
      const { order, offset } = this.#byOrder[index] as Arrival;
      yield { order, offset };
    }
  }
}

function isAbove(bound: OrderBound): (position: OrderPosition) => boolean {
  if ("below" in bound) return (position) => comparePosition(position, bound.below) >= 0;
  if ("orderMax" in bound) return ({ order }) => compareOrder(order, bound.orderMax) > 0;
  return ({ order }) => order.orderTime > bound.orderTimeMax;
}

function comparePosition(a: OrderPosition, b: OrderPosition): number {
  return compareOrder(a.order, b.order) || b.offset - a.offset;
}

/** To splice at the end costs several times as much as to push. */
function insert<Element>(elements: Element[], index: number, element: Element): void {
  if (index === elements.length) elements.push(element);
  else elements.splice(index, 0, element);
}

/** Index of the first element that fits, where all after it fit too. */
export function firstIndex<Element>(sorted: readonly Element[], fits: (element: Element) => boolean): number {
  let low = 0;
  let high = sorted.length;
  // Most arrivals come at the end.
  if (high > 0 && !fits(sorted[high - 1] as Element)) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(sorted[middle] as Element)) high = middle;
    else low = middle + 1;
  }
  return low;
}
