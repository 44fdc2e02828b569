import { describe, expect, it } from "@jest/globals";
import type { Arrival } from "../event/arrival.js";
import { bucketOf } from "../event/partition.js";
import { printMoment } from "../file/moment.js";
import { foldTimeline } from "../meaning/timeline.js";
import { parseCommits } from "../servers/read-commits.js";
import type { TopicRecord } from "../servers/topic-record.js";
import { backwardCommits, judgeCommits, judgeForwardCommits } from "./judge-commits.js";
import { judgeFreshness } from "./judge-freshness.js";
import { judgeLogBeforeState } from "./judge-log-before-state.js";
import { judgeStepsBack } from "./judge-steps-back.js";
import type { Healing, SeenAnswer, SeenState } from "./observations.js";
import { SettledTimes } from "./settled-times.js";

const NO_HEADERS = new Map<string, Buffer>();

function eventAt(offset: number, timestampMs: number): TopicRecord {
  return { partition: 3, offset, timestampMs, key: Buffer.from("u"), value: null, headers: NO_HEADERS };
}

/** The letter of a record of partition 3, which is enough to settle it. */
function letterOf(offset: number, timestampMs: number): TopicRecord {
  return { ...eventAt(0, timestampMs), key: Buffer.from(`f.events/3/${offset}`) };
}

/** The entry of a record of partition 3, with nothing in it. */
function entryOf(offset: number, timestampMs: number): TopicRecord {
  const tail = Buffer.alloc(28);
  tail.writeUInt32BE(3, 0);
  tail.writeBigUInt64BE(BigInt(offset), 4);
  const value = Buffer.from([0, 0, 0, 0, 1, 6, offset * 2, 0, 2, 0]);
  return { ...eventAt(0, timestampMs), key: Buffer.concat([Buffer.from("u"), tail]), value };
}

const events = [eventAt(0, 100), eventAt(1, 100), eventAt(2, 100)];
const settled = new SettledTimes({
  events,
  audit: [entryOf(0, 200), entryOf(0, 900), entryOf(2, 400)],
  letters: [letterOf(1, 300)],
});

describe("what is in the audit or a dead letter", () => {
  it("counts from its first copy", () => {
    expect(settled.auditedAtMs({ partition: 3, offset: 0 })).toBe(200);
    expect(settled.auditedAtMs({ partition: 3, offset: 1 })).toBe(Infinity);
    expect([0, 1, 2, 3, 4].map((offset) => settled.allSettledAtMs(3, offset))).toEqual([
      0,
      200,
      300,
      400,
      Infinity,
    ]);
  });

  it("has to be there before Redis has it", () => {
    const state = (offset: number, atMs: number) => ({
      user: "u",
      order: "0",
      source: `f.events/3/${offset}`,
      atMs,
    });
    const right = { states: [state(0, 200), state(2, 400)], progress: [progressAt(2, 300)] };
    expect(judgeLogBeforeState(right, settled)).toEqual({ checked: 3, right: 3, wrong: [] });
    expect(judgeLogBeforeState({ states: [state(2, 399)], progress: [] }, settled).right).toBe(0);
    expect(judgeLogBeforeState({ states: [state(1, 999)], progress: [] }, settled).right).toBe(0);
    expect(judgeLogBeforeState({ states: [], progress: [progressAt(3, 399)] }, settled).right).toBe(0);
  });

  it("has to be there before it is committed", () => {
    const commit = (offset: number, atMs: number) => ({ partition: 3, offset, atMs });
    expect(judgeCommits([commit(2, 300), commit(3, 400)], settled).right).toBe(2);
    expect(judgeCommits([commit(2, 299)], settled).right).toBe(0);
    expect(judgeCommits([commit(4, 9_999)], settled).right).toBe(0);
  });
});

describe("a commit that goes back", () => {
  const commit = (partition: number, offset: number, atMs: number) => ({ partition, offset, atMs });
  const forward = [commit(3, 2, 300), commit(4, 1, 400), commit(3, 2, 500), commit(3, 3, 600)];
  const back = commit(3, 1, 700);

  it("is wrong, by its own partition", () => {
    expect(judgeForwardCommits(forward)).toEqual({ checked: 4, right: 4, wrong: [] });
    expect(backwardCommits([...forward, back])).toEqual([back]);
    expect(judgeForwardCommits([...forward, back])).toMatchObject({
      checked: 5,
      right: 4,
      wrong: [{ where: "commit of partition 3 at 1970-01-01T00:00:00.700Z", actual: 1 }],
    });
  });
});

function progressAt(offset: number, atMs: number) {
  return { partition: 3, bucket: 3, offset, atMs };
}

describe("a state that goes back", () => {
  const bucket = bucketOf("u");
  const states = [
    { user: "u", order: "b", atMs: 10_000 },
    { user: "u", order: "a", atMs: 20_000 },
    { user: "u", order: "b", atMs: 23_000 },
  ];
  const isRight = (healings: readonly Healing[], seen: readonly SeenState[] = states): boolean =>
    judgeStepsBack({ states: seen, healings }, { healedWithinMs: () => 5_000 }).wrong.length === 0;
  const back = (fromMs: number, toMs: number): SeenState[] => [
    { user: "u", order: "b", atMs: 10_000 },
    { user: "u", order: "a", atMs: fromMs },
    { user: "u", order: "b", atMs: toMs },
  ];

  it("is right only where a worker heals its own bucket, not another one of its partition", () => {
    expect(isRight([{ bucket, fromMs: 21_000, toMs: 23_000 }])).toBe(true);
    expect(isRight([{ bucket: (bucket + 8) % 256, fromMs: 21_000, toMs: 23_000 }])).toBe(false);
    expect(isRight([])).toBe(false);
  });

  it("is right only where it comes back while it is healed", () => {
    expect(isRight([{ bucket, fromMs: 20_500, toMs: 21_000 }])).toBe(true);
    expect(isRight([{ bucket, fromMs: 18_000, toMs: 20_500 }])).toBe(false);
    expect(isRight([{ bucket, fromMs: 23_001, toMs: 24_000 }])).toBe(false);
  });

  it("is not excused by a healing that ended at some time, or never", () => {
    expect(isRight([{ bucket, fromMs: 12_000, toMs: Infinity }], back(13_000, 17_000))).toBe(true);
    expect(isRight([{ bucket, fromMs: 12_000, toMs: Infinity }])).toBe(false);
  });

  it("is wrong where it lasts, or the state is gone", () => {
    const healing = { bucket, fromMs: 21_000, toMs: Infinity };
    expect(isRight([healing], back(20_000, 25_000))).toBe(true);
    expect(isRight([healing], back(20_000, 25_001))).toBe(false);
    expect(isRight([healing], states.slice(0, 2))).toBe(false);
    const gone = [
      { user: "u", order: "b", atMs: 10_000 },
      { user: "u", atMs: 20_000 },
      { user: "u", order: "c", atMs: 40_000 },
    ];
    expect(isRight([healing], gone)).toBe(false);
  });

  it("may last as long as the fault allows that was made before", () => {
    const healings = [{ bucket, fromMs: 21_000, toMs: 23_000 }];
    const judge = (boundMs: number): boolean =>
      judgeStepsBack({ states, healings }, { healedWithinMs: (atMs) => (atMs < 20_000 ? 9_999 : boundMs) })
        .wrong.length === 0;
    expect([judge(3_000), judge(2_999)]).toEqual([true, false]);
  });
});

describe("an answer's lag", () => {
  const arrivals = [0, 1, 2].map((offset): Arrival => ({
    user: "u",
    timeStamp: BigInt(offset),
    sts: BigInt(offset),
    eventId: `${offset}`.repeat(32),
    attributes: "{}",
    source: { partition: 3, offset },
  }));
  const evidence = {
    events: [eventAt(0, 1_000), eventAt(1, 2_000), eventAt(2, 9_000)],
    timelines: new Map([["u", foldTimeline("u", arrivals, "off")]]),
  };
  const answerOf = (event: number | undefined, askedAtMs: number, lagSeconds?: number): SeenAnswer => {
    const status = event === undefined ? 404 : 200;
    const seen = { user: "u", kind: "latest", askedAtMs, tookMs: 1, status, store: "redis" } as const;
    const { eventId = "", sts = 0n } = (event === undefined ? undefined : arrivals[event]) ?? {};
    return {
      ...seen,
      ...(lagSeconds === undefined ? {} : { lagSeconds }),
      ...(event === undefined ? {} : { eventId, sts: printMoment(sts) }),
    };
  };
  const isRight = (answer: SeenAnswer): boolean => judgeFreshness([answer], evidence).right === 1;

  it("has to admit what the answer lacks", () => {
    expect(isRight(answerOf(1, 9_999, 0))).toBe(true);
    expect(isRight(answerOf(1, 10_001, 0))).toBe(false);
    expect(isRight(answerOf(1, 10_001, 0.5))).toBe(true);
    expect(isRight(answerOf(0, 10_001, 0.5))).toBe(false);
    expect(isRight(answerOf(undefined, 1_999, 0))).toBe(true);
    expect(isRight(answerOf(undefined, 2_001, 0))).toBe(false);
  });

  it("claims nothing where it is unknown", () => {
    expect(judgeFreshness([answerOf(0, 99_999)], evidence).checked).toBe(0);
  });

  it("does not excuse an event that nobody sent", () => {
    expect(isRight({ ...answerOf(2, 9_000, 99), eventId: "f".repeat(32) })).toBe(false);
  });
});

describe("parseCommits", () => {
  it("takes the commits of one group and topic from what the formatter prints", () => {
    const printed = (group: string, partition: number, offset: number): string =>
      JSON.stringify({
        key: { type: 1, data: { group, topic: "f.events", partition } },
        value: { version: 4, data: { offset, metadata: '}{"key":', commitTimestamp: 5 } },
      });
    const gone = JSON.stringify({
      key: { type: 1, data: { group: "f.worker", topic: "f.events", partition: 0 } },
      value: null,
    });
    const text = printed("f.worker", 1, 7) + printed("other", 1, 8) + gone + printed("f.worker", 2, 9);
    expect(parseCommits(text, { group: "f.worker", topic: "f.events" })).toEqual([
      { partition: 1, offset: 7, atMs: 5 },
      { partition: 2, offset: 9, atMs: 5 },
    ]);
  });
});
