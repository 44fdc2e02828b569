import { expect, it } from "@jest/globals";
import type { TopicRecord } from "../oracle/index.js";
import { judgeBadRecords } from "./judge-bad-records.js";

const recordOf = (text: string): TopicRecord => ({
  partition: 0,
  offset: 0,
  timestampMs: 0,
  key: null,
  value: Buffer.from(text),
  headers: new Map(),
});
const records = (...texts: readonly string[]): TopicRecord[] => texts.map(recordOf);
const acknowledged = (text: string) => ({ text, isAcknowledged: true });
const unknown = (text: string) => ({ text, isAcknowledged: false });

it("each acknowledged bad record has to be a dead letter, once or more often", () => {
  const events = records("bad", "worse");
  const sent = [acknowledged("bad"), acknowledged("worse")];
  const right = judgeBadRecords(sent, { events, letters: records("worse", "bad", "bad") });
  expect(right).toMatchObject({ checked: 2, right: 2 });
  const wrong = judgeBadRecords(sent, { events, letters: records("bad") });
  expect(wrong).toMatchObject({ checked: 2, right: 1, wrong: [{ where: "worse" }] });
});

it("an acknowledged bad record has to be in the events topic", () => {
  const lost = judgeBadRecords([acknowledged("bad")], { events: [], letters: records("bad") });
  expect(lost).toMatchObject({ checked: 1, right: 0 });
});

it("a bad record that nobody acknowledged is a dead letter where it came into the topic", () => {
  const judge = (events: readonly string[], letters: readonly string[]) =>
    judgeBadRecords([unknown("bad")], { events: records(...events), letters: records(...letters) });
  expect(judge([], [])).toMatchObject({ checked: 1, right: 1 });
  expect(judge(["bad", "bad"], ["bad"])).toMatchObject({ checked: 1, right: 1 });
  expect(judge(["bad"], [])).toMatchObject({ checked: 1, right: 0 });
});

it("no other record may be a dead letter", () => {
  const events = records("bad", "an event");
  const more = judgeBadRecords([acknowledged("bad")], { events, letters: records("bad", "an event") });
  expect(more).toMatchObject({ checked: 2, right: 1, wrong: [{ where: "letter of an event" }] });
});
