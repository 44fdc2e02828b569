import { randomUUID } from "node:crypto";
import type { MaxFutureSkew } from "../domain/order.js";

/** Changes when a stored form changes so that old readers would misread it. */
export const LAYOUT_VERSION = 1;

/**
 * What all stores of one fleet must agree on. Its copies stand in every audit partition, in Redis and in each
 * view's folder; a process that finds another id is looking at something left over or made anew.
 */
export interface FleetRecord {
  readonly id: string;
  readonly partitions: number;
  /** µs, or Infinity for off. */
  readonly maxFutureSkew: MaxFutureSkew;
  readonly layout: number;
}

/** The text is not a fleet record that this version can read. */
export class InvalidFleetRecordError extends Error {
  override readonly name = "InvalidFleetRecordError";
}

export function newFleetRecord(partitions: number, maxFutureSkew: MaxFutureSkew): FleetRecord {
  return { id: randomUUID(), partitions, maxFutureSkew, layout: LAYOUT_VERSION };
}

export function printFleetRecord(record: FleetRecord): string {
  const { id, partitions, maxFutureSkew, layout } = record;
  const skew = Number.isFinite(maxFutureSkew) ? maxFutureSkew : "off";
  return JSON.stringify({ id, partitions, max_future_skew_micros: skew, layout });
}

export function parseFleetRecord(text: string): FleetRecord {
  let record: Record<string, unknown>;
  try {
    // Spreading makes an object of whatever JSON it was, null included.
    record = { ...(JSON.parse(text) as Record<string, unknown> | null) };
  } catch (cause) {
    throw new InvalidFleetRecordError(`not a fleet record: ${text.slice(0, 100)}`, { cause });
  }
  const { id, partitions, max_future_skew_micros: skew, layout } = record;
  const maxFutureSkew = skew === "off" ? Infinity : skew;
  if (typeof id !== "string" || typeof partitions !== "number" || typeof maxFutureSkew !== "number") {
    throw new InvalidFleetRecordError(`not a fleet record: ${text.slice(0, 100)}`);
  }
  if (layout !== LAYOUT_VERSION) {
    throw new InvalidFleetRecordError(
      `layout ${String(layout)}, where this version reads layout ${LAYOUT_VERSION}`,
    );
  }
  return { id, partitions, maxFutureSkew, layout };
}

/** What differs between two records, as text for a person, or undefined where they agree. */
export function fleetDifference(mine: FleetRecord, theirs: FleetRecord): string | undefined {
  if (mine.id !== theirs.id) return `fleet id ${mine.id} here and ${theirs.id} there`;
  if (mine.partitions !== theirs.partitions)
    return `${mine.partitions} partitions here and ${theirs.partitions} there`;
  if (mine.maxFutureSkew !== theirs.maxFutureSkew) {
    return `max_future_skew ${mine.maxFutureSkew} µs here and ${theirs.maxFutureSkew} µs there`;
  }
  return undefined;
}
