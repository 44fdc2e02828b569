import { setTimeout as sleep } from "node:timers/promises";
import { BUCKETS } from "@lastknown/shared";
import { PARTITIONS } from "../processes/bench-fleet.mjs";
import { withReader } from "../visibility/read-records.mjs";

const LOOK_EVERY_MS = 20;
/** Without any progress for so long something is wrong. */
const STALLED_MS = 60_000;
/** At a commit, soon after, the progress of every bucket is brought to its partition's end. */
const SETTLE_MS = 1500;

/** Resolves when Redis and the view have been seen to hold everything that is in the topic. */
export async function untilVisible({ fleet, progress, view, published }) {
  const wanted = await wantedIn(fleet);
  let movedMs = performance.now();
  let last = -1;
  for (;;) {
    fleet.requireRunning();
    const applied = appliedOf(progress, fleet.partitions);
    if (applied >= wanted && view.arrivals >= published) break;
    if (applied + view.arrivals !== last) movedMs = performance.now();
    last = applied + view.arrivals;
    if (performance.now() - movedMs > STALLED_MS) {
      throw new Error(
        `nothing moved for ${STALLED_MS / 1000} s: Redis has ${applied} of ${wanted} records, the view ` +
          `${view.arrivals} of ${published}`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
  await sleep(SETTLE_MS);
}

/** How many records the events topic has. */
export async function wantedIn(fleet) {
  const ends = await withReader(fleet, (reader, { eventsTopic }) => reader.ends(eventsTopic));
  return [...ends.values()].reduce((sum, { end }) => sum + end, 0);
}

/** Up to how many records Redis was seen to have, over all partitions. */
export function appliedOf(progress, partitions = PARTITIONS) {
  let applied = 0;
  for (let partition = 0; partition < partitions; partition++)
    applied += partitionProgress(progress, partition, partitions);
  return applied;
}

/** Buckets b with b mod P = p belong to partition p, as P divides their number. */
function partitionProgress(progress, partition, partitions) {
  let most = 0;
  for (let bucket = partition; bucket < BUCKETS; bucket += partitions) {
    most = Math.max(most, progress.progressOf(bucket));
  }
  return most;
}
