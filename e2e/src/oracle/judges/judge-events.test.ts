import { describe, expect, it } from "@jest/globals";
import { recomputeBytes } from "../recompute.js";
import type { TopicRecord } from "../servers/topic-record.js";
import { eventRecords, PARTITIONS } from "./fleet-for-test.js";
import { judgeEvents } from "./judge-events.js";
import { readEvents } from "./read-events.js";
import {
  altered,
  arrivals,
  events,
  FILE,
  flipped,
  read,
  schemas,
  wrongCount,
} from "./spoiled-fleet-for-test.js";

describe("judgeEvents", () => {
  it("finds a faultless topic right, and the file's every row in it", () => {
    expect(judgeEvents(arrivals, read)).toEqual({ checked: 6, right: 6, wrong: [] });
  });

  const judge = (records: TopicRecord[], resumed = false): number => {
    const ordered = records.map((record, index) => ({ ...record, offset: index }));
    return wrongCount(judgeEvents(arrivals, readEvents(ordered, schemas, PARTITIONS), { resumed }));
  };

  it("reports a lost, a doubled, a changed and a misplaced record", () => {
    expect(judge(events)).toBe(0);
    expect(judge(altered(events, 2, () => []))).toBeGreaterThan(0);
    expect(judge(altered(events, 2, (record) => [record, record]))).toBeGreaterThan(0);
    expect(judge(altered(events, 2, (record) => [{ ...record, value: flipped(record.value, 5) }]))).toBe(1);
    const elsewhere = altered(events, 2, (record) => [
      { ...record, partition: (record.partition + 1) % PARTITIONS },
    ]);
    expect(judge(elsewhere)).toBeGreaterThan(0);
    expect(judge(altered(events, 2, (record) => [{ ...record, key: Buffer.from("c") }]))).toBeGreaterThan(0);
  });

  it("reports rows of one user that were published in another order", () => {
    const mine = events.flatMap(({ key }, index) => (key?.toString() === "a" ? [index] : []));
    const [first = 0, second = 0] = mine;
    const swapped = [...events];
    [swapped[first], swapped[second]] = [events[second] as TopicRecord, events[first] as TopicRecord];
    expect(judge(swapped)).toBe(2);
  });

  it("lets rows stand twice where a replay was resumed, and still misses none", () => {
    const different = recomputeBytes(Buffer.from(FILE.replace(/(a,.*13Z,.*\n)\1/, "$1")));
    const topic = eventRecords([...different.arrivals, ...different.arrivals.slice(1)]);
    const found = readEvents(topic, schemas, PARTITIONS);
    expect(wrongCount(judgeEvents(different.arrivals, found, { resumed: true }))).toBe(0);
    expect(wrongCount(judgeEvents(different.arrivals, found))).toBeGreaterThan(0);
  });
});
