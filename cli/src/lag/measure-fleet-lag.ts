import { SILENT_SECONDS_MAX } from "@lastknown/shared";
import { FleetLagWatch, type FleetLag, type FleetLagSources } from "./fleet-lag.js";

export interface MeasureOptions {
  readonly showUsers?: boolean | undefined;
  readonly pause: (ms: number) => Promise<void>;
}

/** Between the two looks that tell how fast the workers are. */
const SECOND_LOOK_MS = 1000;
/** Between more of them, where nothing explains why records wait. */
const LOOK_INTERVAL_MS = 500;
/** By then an owner that says nothing is known to be dead; looks take time, too. */
const LOOKS_MAX = Math.ceil((SILENT_SECONDS_MAX * 1000) / LOOK_INTERVAL_MS) + 2;

/**
 * Measures once how far the fleet is behind, and why: with one look where nothing waits, with two where something does,
 * and with more of them, for some seconds, where nothing explains it: then somebody may be dead.
 */
export async function measureFleetLag(sources: FleetLagSources, options: MeasureOptions): Promise<FleetLag> {
  const watch = new FleetLagWatch(sources);
  await watch.look();
  if (watch.lag > 0) {
    await options.pause(SECOND_LOOK_MS);
    await watch.look();
    for (let looks = 0; looks < LOOKS_MAX && watch.unexplained.length > 0; looks++) {
      await options.pause(LOOK_INTERVAL_MS);
      await watch.look();
    }
  }
  return await watch.measure(options.showUsers);
}
