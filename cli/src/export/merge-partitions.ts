import type { StoredArrival } from "./arrival-log.js";

/**
 * Merges partitions, each in its own order, into one sequence by append time. A partition's own order is never
 * changed, not even where a broker's clock went back. At most 256 partitions: looking at each is quick enough.
 */
export function* mergeByAppendTime(
  partitions: readonly Iterable<StoredArrival>[],
): Generator<StoredArrival, void, undefined> {
  const iterators = partitions.map((partition) => partition[Symbol.iterator]());
  const heads = iterators.map((iterator) => next(iterator));
  try {
    for (;;) {
      const first = indexOfEarliest(heads);
      if (first === undefined) return;
      yield heads[first] as StoredArrival;
      heads[first] = next(iterators[first] as Iterator<StoredArrival>);
    }
  } finally {
    // A reader that leaves early must not leave cursors open.
    for (const iterator of iterators) iterator.return?.();
  }
}

function next(iterator: Iterator<StoredArrival>): StoredArrival | undefined {
  const { done, value } = iterator.next();
  return done === true ? undefined : value;
}

function indexOfEarliest(heads: readonly (StoredArrival | undefined)[]): number | undefined {
  let earliest: number | undefined;
  heads.forEach((head, index) => {
    if (head === undefined) return;
    const best = earliest === undefined ? undefined : heads[earliest];
    if (best === undefined || comesBefore(head, best)) earliest = index;
  });
  return earliest;
}

function comesBefore(a: StoredArrival, b: StoredArrival): boolean {
  return a.appendedAtMs === b.appendedAtMs ? a.partition < b.partition : a.appendedAtMs < b.appendedAtMs;
}
