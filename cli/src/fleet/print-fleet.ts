import type { CreatedFleet } from "./create-fleet.js";

/** What `lastknown topics` tells a person. */
export function fleetLines({ fleet, record, topics }: CreatedFleet): string[] {
  const { id, partitions, maxFutureSkewSeconds } = record;
  const skew = maxFutureSkewSeconds === null ? "off" : `${maxFutureSkewSeconds} s`;
  return [
    `fleet ${fleet}: id ${id}, ${partitions} partitions, max_future_skew ${skew}`,
    ...topics.map(({ topic, created }) => `${topic}: ${created ? "created" : "was there"}`),
  ];
}
