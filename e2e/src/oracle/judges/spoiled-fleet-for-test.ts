import { USUAL_FUTURE_SKEW } from "../meaning/order.js";
import { foldAll, recomputeBytes } from "../recompute.js";
import type { TopicRecord } from "../servers/topic-record.js";
import { auditRecords, eventRecords, PARTITIONS, SCHEMA_ID, SCHEMA_TEXT } from "./fleet-for-test.js";
import type { Judgement } from "./judgement.js";
import { readEvents } from "./read-events.js";

/** A small fleet as a faultless product leaves it, and ways to spoil it. */

export const FILE = `device_id,time_stamp,sts,speed,battery (%),on
a,2024-01-01T00:00:10Z,2024-01-01T00:00:11Z,1.5,full,true
a,2024-01-01T00:00:05Z,2024-01-01T00:00:12Z,,,
b/{1},1970-01-02T00:00:00Z,2024-01-01T00:00:12Z,-0.25,x,false
a,2024-01-01T00:00:10Z,2024-01-01T00:00:13Z,1.5,full,true
a,2024-01-01T00:00:10Z,2024-01-01T00:00:13Z,1.5,full,true
..,2024-01-03T00:00:00Z,2024-01-01T00:00:14Z,2,,
`;

export const schemas = new Map([[SCHEMA_ID, SCHEMA_TEXT]]);
export const { arrivals } = recomputeBytes(Buffer.from(FILE));
export const events = eventRecords(arrivals);
export const read = readEvents(events, schemas, PARTITIONS);
export const timelines = foldAll(read.arrivals, USUAL_FUTURE_SKEW);
export const audit = auditRecords(events);

export const wrongCount = ({ checked, right }: Judgement): number => checked - right;

/** The records, with one of them changed, put twice or left out. */
export function altered(
  records: readonly TopicRecord[],
  index: number,
  alter: (record: TopicRecord) => TopicRecord[],
): TopicRecord[] {
  return records.flatMap((record, place) => (place === index ? alter(record) : [record]));
}

/** The bytes with one bit of one of them changed. */
export function flipped(value: Buffer | null, at: number): Buffer {
  const copy = Buffer.from(value ?? "");
  copy[at < 0 ? copy.length + at : at] = (copy.at(at) ?? 0) ^ 1;
  return copy;
}
