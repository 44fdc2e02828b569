import {
  KafkaLogReader,
  createLogger,
  fleetNames,
  requireReachableBroker,
  type FleetNames,
  type LogReader,
  type Logger,
} from "@lastknown/shared";
import type { Settings } from "@lastknown/shared/settings";

/** Commands for people say themselves what happened: of the libraries' own messages only errors matter. */
export function quietLogger(settings: Settings): Logger {
  return createLogger(
    { ...settings.log, level: settings.log.level === "debug" ? "debug" : "error" },
    { component: "cli" },
  );
}

/** Reads the fleet's topics for as long as `work` lasts. */
export async function withLogReader<Result>(
  settings: Settings,
  work: (reader: LogReader, names: FleetNames) => Promise<Result>,
): Promise<Result> {
  await requireReachableBroker(settings.kafka);
  const reader = new KafkaLogReader({ settings: settings.kafka, logger: quietLogger(settings) });
  try {
    return await work(reader, fleetNames(settings.fleet.name));
  } finally {
    await reader.close();
  }
}
