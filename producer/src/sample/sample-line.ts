import { printTime, type Micros } from "@lastknown/shared";
import type { Observation } from "./vehicle.js";

export const SAMPLE_HEADER =
  "device_id,time_stamp,sts,latitude,longitude,speed,odometer,battery (%),ignition,driver,badge,cargo_temperature";

/** One arrival of an observation as a CSV line, without line end. */
export function sampleLine(observation: Observation, sts: Micros): string {
  const time = printShortTime(observation.timeStamp, observation.zoneMinutes);
  return [observation.deviceId, time, printShortTime(sts, 0), ...observation.cells].map(quoted).join(",");
}

/** ISO 8601 with 3 to 6 fraction digits, as many as it takes: two columns of mixed lengths that do not sort as text. */
function printShortTime(micros: Micros, zoneMinutes: number): string {
  const wallClock = printTime(micros + zoneMinutes * 60_000_000).slice(0, -1);
  const shortest = wallClock.replace(/0{1,3}$/, "");
  return shortest + (zoneMinutes === 0 ? "Z" : `+${String(zoneMinutes / 60).padStart(2, "0")}:00`);
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
