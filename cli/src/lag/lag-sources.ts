import {
  fleetNames,
  KafkaAdmin,
  KafkaLogReader,
  readFleetRecord,
  requireReachableBroker,
} from "@lastknown/shared";
import type { Settings } from "@lastknown/shared/settings";
import { quietLogger } from "../fleet/fleet-servers.js";
import type { FleetLagSources } from "./fleet-lag.js";
import { HttpViewLag } from "./http-view-lag.js";

/** Opens what a lag is measured from for as long as `work` lasts. */
export async function withLagSources<Result>(
  settings: Settings,
  work: (sources: FleetLagSources) => Promise<Result>,
): Promise<Result> {
  await requireReachableBroker(settings.kafka);
  const options = { settings: settings.kafka, logger: quietLogger(settings) };
  const reader = new KafkaLogReader(options);
  const admin = new KafkaAdmin(options);
  const names = fleetNames(settings.fleet.name);
  try {
    const { id: fleetId } = await readFleetRecord({ names, reader });
    return await work({
      names,
      fleetId,
      reader,
      groupOffsets: admin,
      view: new HttpViewLag(settings.query, settings.fleet.name),
      now: Date.now,
      monotonicMs: () => performance.now(),
    });
  } finally {
    await Promise.all([reader.close(), admin.close()]);
  }
}
