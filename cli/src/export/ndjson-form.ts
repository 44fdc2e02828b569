import { printTime, type FleetNames } from "@lastknown/shared";
import type { ExportedArrival } from "./exported-arrival.js";

/** One arrival as a line of JSON, with the members of an item of the history and the append time. */
export function ndjsonLine(names: FleetNames, arrival: ExportedArrival): string {
  const { event, judgement, partition, offset, orderTime, appendedAtMs } = arrival;
  const line = {
    user: event.user,
    time_stamp: printTime(event.timeStamp),
    sts: printTime(event.sts),
    attributes: event.attributes,
    event_id: event.eventId,
    order_time: printTime(orderTime),
    source: { topic: names.eventsTopic, partition, offset },
    appended_at: printTime(appendedAtMs * 1000),
    verdict: judgement.verdict,
    clamped: judgement.clamped,
    repeated: judgement.repeated,
  };
  return `${JSON.stringify(line)}\n`;
}
