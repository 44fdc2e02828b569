import type { PartitionEnds } from "@lastknown/shared";
import type { Lag } from "./freshness.js";

export interface ConsumerPositions {
  readonly events: ReadonlyMap<number, PartitionEnds>;
  /** Undefined while it is not known whose commits count. */
  readonly committed: ReadonlyMap<number, number> | undefined;
}

/** How long the oldest record of a partition from this offset on has waited. */
export type LagOf = (partition: number, offset: number) => Promise<Lag>;

/** What the workers have committed, or where the log begins where that is nothing or less. */
export function doneIn(positions: ConsumerPositions | undefined, partition: number): number | undefined {
  const ends = positions?.events.get(partition);
  if (positions?.committed === undefined || ends === undefined) return undefined;
  return Math.max(ends.start, positions.committed.get(partition) ?? ends.start);
}

/** Committed offsets are read before the ends, so a lag is too great rather than too small. */
export function lagIn(positions: ConsumerPositions | undefined, partition: number): number | undefined {
  const done = doneIn(positions, partition);
  const end = positions?.events.get(partition)?.end;
  return done === undefined || end === undefined ? undefined : Math.max(0, end - done);
}

/** How long the oldest record that is not committed has waited, in seconds. */
export async function waitedIn(
  positions: ConsumerPositions | undefined,
  partition: number,
  lagOf: LagOf,
): Promise<number | undefined> {
  const lag = lagIn(positions, partition);
  const end = positions?.events.get(partition)?.end;
  if (lag === undefined || end === undefined) return undefined;
  if (lag === 0) return 0;
  const waited = await lagOf(partition, end - lag);
  return waited === "unknown" ? undefined : waited;
}
