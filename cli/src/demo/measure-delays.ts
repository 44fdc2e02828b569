import type { ReplaySummary } from "@lastknown/producer";
import {
  bucketOf,
  decodeEventHead,
  slicesToEnd,
  unframe,
  type LogReader,
  type LogRecord,
  type Micros,
} from "@lastknown/shared";
import { withLogReader } from "../fleet/fleet-servers.js";
import { microsOf } from "./demo-file.js";
import type { DemoServers } from "./demo-servers.js";
import type { Measured } from "./print-figures.js";
import { processingSpread } from "./processing-time.js";
import type { Replayed } from "./replay-watched.js";
import { spreadOf, type Spread } from "./percentiles.js";
import { delaysUntilVisible, type MeasuredRecord, type ProgressSights } from "./visibility.js";

const READ_BYTES = 4 * 1024 * 1024;

/** When a record that was received at `sts` was planned to arrive, in ms since 1970. */
export type Plan = (sts: Micros) => number;

/** The plan of a replay that kept the rows' own times, so many times faster. */
export function planOf({ startedAt, startedAtSts }: ReplaySummary, speed: number): Plan | undefined {
  if (startedAt === null || startedAtSts === null) return undefined;
  const [startMs, first] = [microsOf(startedAt) / 1000, microsOf(startedAtSts)];
  return (sts) => startMs + (sts - first) / 1000 / speed;
}

/** All figures of a replay that the demo watched. */
export async function measureReplay(servers: DemoServers, { plan, watched }: Replayed): Promise<Measured> {
  const { settings, workerPorts } = servers;
  const processing = await processingSpread(workerPorts);
  const delays = await withLogReader(settings, (reader, { eventsTopic }) =>
    measureDelays(reader, eventsTopic, plan, watched.sights),
  );
  const due = plan === undefined ? "append" : "planned arrival";
  return { processing, ...delays, due, lookEveryMs: watched.lookEveryMs };
}

/**
 * Reads back every record of the events topic and tells how long each took from when it was due.
 *
 * @throws FatalError where a partition gives nothing any more before its end
 */
export async function measureDelays(
  reader: LogReader,
  topic: string,
  plan: Plan | undefined,
  sights: ProgressSights,
): Promise<{ visible: Spread | undefined; records: number }> {
  const delays: number[] = [];
  let records = 0;
  for (const [partition, ends] of await reader.ends(topic)) {
    for await (const slice of slicesToEnd(reader, { topic, partition, ends, bytesMax: READ_BYTES })) {
      const measured = slice.records.map((record) => measuredRecord(record, plan));
      delays.push(...delaysUntilVisible(measured, sights));
      records += slice.records.length;
    }
  }
  return { visible: spreadOf(delays), records };
}

function measuredRecord(
  { key, value, offset, appendedAtMs }: LogRecord,
  plan: Plan | undefined,
): MeasuredRecord {
  const framed = value === null ? undefined : unframe(value);
  const dueAtMs =
    plan === undefined || framed === undefined ? appendedAtMs : plan(decodeEventHead(framed.body).sts);
  return { bucket: bucketOf(key ?? Buffer.alloc(0)), offset, dueAtMs };
}
