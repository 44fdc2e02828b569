import { describe, expect, it } from "@jest/globals";
import type { TopicRecord } from "../servers/topic-record.js";
import { PARTITIONS } from "./fleet-for-test.js";
import { judgeDeadLetters } from "./judge-dead-letters.js";
import { readEvents } from "./read-events.js";
import { events, schemas, wrongCount } from "./spoiled-fleet-for-test.js";

describe("judgeDeadLetters", () => {
  const poison = { partition: 0, offset: 99, timestampMs: 1, value: Buffer.from("junk"), headers: new Map() };
  const poisoned = [...events, { ...poison, key: Buffer.from("a") }];
  const withPoison = readEvents(poisoned, schemas, PARTITIONS);
  const letter: TopicRecord = {
    ...poison,
    key: Buffer.from("t.events/0/99"),
    headers: new Map([
      ["reason", Buffer.from("not framed")],
      ["key", Buffer.from("a")],
    ]),
  };
  const judge = (letters: TopicRecord[]): number =>
    wrongCount(judgeDeadLetters(poisoned, withPoison, letters));

  it("wants a letter with the raw bytes and a reason for each record that is no event", () => {
    expect(withPoison.unreadable).toEqual([{ source: { partition: 0, offset: 99 }, reason: "not framed" }]);
    expect(judge([letter])).toBe(0);
    expect(judge([letter, letter])).toBe(0);
    expect(judge([])).toBe(1);
    expect(judge([{ ...letter, value: Buffer.from("jun") }])).toBe(1);
    for (const header of ["reason", "key"]) {
      const headers = new Map([...letter.headers].filter(([name]) => name !== header));
      expect(judge([{ ...letter, headers }])).toBe(1);
    }
  });

  it("reports a letter for a record that is an event", () => {
    const { partition, offset } = events[0] as TopicRecord;
    expect(judge([letter, { ...letter, key: Buffer.from(`t.events/${partition}/${offset}`) }])).toBe(1);
  });
});
