import { describe, expect, test } from "@jest/globals";
import type { CommitNote, WorkerWord } from "../fleet/commit-note.js";
import { explainLag, SILENT_SECONDS_MAX } from "./explain-lag.js";
import { factsWith, OWNED, OWNER } from "./lag-for-test.js";
import type { LagFacts } from "./lag-facts.js";
import { LAG_REASON_KINDS } from "./lag-reason.js";
import { printLagReason } from "./print-lag-reason.js";

const wordOn = (on: WorkerWord["on"]): WorkerWord => ({ on, forMs: 12_000, at: 0 });
const NOBODY = { isRebalancing: false, members: [] };
const REBALANCING = { isRebalancing: true, members: [OWNER] };
const PACE = { committedPerSecond: 300, appendedPerSecond: 100 };
const ONE_USERS = { events: 100, topUser: "bus 7", ofTopUser: 80, old: 0, oldBySeconds: 0 };
const OLD = { events: 100, topUser: "bus 7", ofTopUser: 2, old: 60, oldBySeconds: 7200 };

const reasonOf = (some: Partial<LagFacts>) => explainLag(factsWith(some)).reason;
const kindsOf = (some: Partial<LagFacts>): string[] => {
  const { reason, remarks } = explainLag(factsWith(some));
  return [reason, ...remarks].map(({ kind }) => kind);
};

describe("records wait because", () => {
  test("nothing does", () => {
    expect(explainLag(factsWith({ lag: 0, group: NOBODY, silentSeconds: 99 }))).toEqual({
      reason: { kind: "none" },
      remarks: [],
    });
  });

  test.each([
    [
      "is worked off within two seconds",
      { lag: 600, pace: { committedPerSecond: 300, appendedPerSecond: 310 } },
    ],
    ["came within them", { emptySecondsAgo: 2 }],
  ])("nothing does but what %s", (_what, some) => {
    expect(explainLag(factsWith(some))).toEqual({ reason: { kind: "none" }, remarks: [] });
    // Whoever works on it must be there.
    expect(kindsOf({ ...some, group: NOBODY })).toContain("no_member");
    expect(kindsOf({ ...some, word: wordOn("redis") })).toContain("waiting_on_redis");
  });

  test.each([
    ["is in the group", NOBODY, 0],
    [
      "of those in it has the partition",
      { isRebalancing: false, members: [{ ...OWNER, partitions: [1] }] },
      1,
    ],
  ])("nobody %s", (_who, group, workers) => {
    expect(reasonOf({ group })).toEqual({ kind: "no_member", workers });
  });

  test.each(["redis", "registry", "kafka"] as const)("the worker waits for %s, and says so", (server) => {
    expect(reasonOf({ word: wordOn(server) })).toEqual({ kind: `waiting_on_${server}`, seconds: 12 });
  });

  test("workers died at a batch, which is tried again: what is at work now has ended nothing yet", () => {
    const reason = reasonOf({ note: { begun: { at: 7, times: 3 } } });
    expect(reason).toEqual({ kind: "poison", cause: "batch", offset: 7, deaths: 2 });
    expect(printLagReason(reason)).toBe(
      "2 times a worker's process ended at offset 7, or behind it, and committed nothing",
    );
  });

  test.each([
    // Between two records, and while the first one is at work that nothing but its batch speaks against.
    [0, 0, "after deaths of workers, records from offset 9 on run one at a time"],
    [1, 0, "after deaths of workers, records from offset 9 on run one at a time"],
    [2, 1, "the record at offset 9 was at work when a worker's process ended, once"],
    [3, 2, "the record at offset 9 was at work when a worker's process ended, 2 times"],
  ])("records run one at a time after deaths: noted %d times, one has killed %d", (times, deaths, text) => {
    const reason = reasonOf({ note: { trying: { offset: 9, times, until: 100 } } });
    expect(reason).toEqual({ kind: "poison", cause: "one_at_a_time", offset: 9, deaths });
    expect(printLagReason(reason)).toBe(text);
  });

  test("where nobody has the partition nothing is at work, and each that was noted is a death", () => {
    const deathsIn = (note: CommitNote) =>
      explainLag(factsWith({ group: NOBODY, note })).remarks.find(({ kind }) => kind === "poison");
    expect(deathsIn({ begun: { at: 7, times: 3 } })).toMatchObject({ cause: "batch", deaths: 3 });
    const trying = { offset: 9, times: 1, until: 100 };
    expect(deathsIn({ trying })).toMatchObject({ cause: "one_at_a_time", deaths: 1 });
  });

  test("a record fails while the worker lives, and is tried apart", () => {
    const reason = reasonOf({ word: wordOn("apart") });
    expect(reason).toEqual({ kind: "poison", cause: "fails", offset: null, deaths: 0 });
    expect(printLagReason(reason)).toBe("a record fails and is tried again");
  });

  test("the first work of an assignment is under way: that is no poison", () => {
    expect(reasonOf({ note: { begun: { at: 7, times: 1 } } })).toEqual({ kind: "unknown" });
  });

  test("the group rebalances", () => {
    expect(reasonOf({ group: REBALANCING })).toEqual({ kind: "rebalancing", workers: 1 });
  });

  test("the partition's owner is dead, and loses it by when its session ends", () => {
    const silentSeconds = SILENT_SECONDS_MAX + 1;
    const { memberId, clientId, host } = OWNER;
    const dead = { kind: "member_dead", memberId, clientId, host };
    expect(reasonOf({ silentSeconds })).toEqual({ ...dead, silentSeconds, takenAwayWithinSeconds: 4 });
    // It hangs: its heartbeats go on.
    expect(reasonOf({ silentSeconds: 30 })).toMatchObject({ ...dead, takenAwayWithinSeconds: 0 });
    const group = { ...OWNED, members: [{ ...OWNER, sessionTimeoutMs: undefined }] };
    expect(reasonOf({ silentSeconds, group })).toMatchObject({ ...dead, takenAwayWithinSeconds: null });
  });

  test("an owner that was heard lately, or cannot say anything beside an offset, is not called dead", () => {
    expect(reasonOf({ silentSeconds: SILENT_SECONDS_MAX - 0.1 })).toEqual({ kind: "unknown" });
    expect(reasonOf({ silentSeconds: 99, isCommitted: false })).toEqual({ kind: "unknown" });
  });

  test("one user has most of what waits, in a partition far above the others; whose, on request", () => {
    const facts = factsWith({ lag: 100, sample: ONE_USERS, lagOfOthers: 25 });
    expect(explainLag(facts).reason).toEqual({ kind: "hot_partition", share: 0.8 });
    expect(explainLag(facts, true).reason).toEqual({ kind: "hot_partition", share: 0.8, user: "bus 7" });
    expect(JSON.stringify(explainLag(facts))).not.toContain("bus 7");
  });

  test("where not all that waits was looked at, that is said", () => {
    const hot = explainLag(factsWith({ sample: ONE_USERS }), true).reason;
    expect(hot).toEqual({ kind: "hot_partition", share: 0.8, lookedAt: 100, user: "bus 7" });
    expect(printLagReason(hot)).toBe('80 % of the 100 looked at is of user "bus 7"');
    const old = reasonOf({ sample: OLD });
    expect(old).toMatchObject({ kind: "device_backlog", share: 0.6, lookedAt: 100 });
    expect(printLagReason(old)).toBe("60 % of the 100 looked at was 2 h old when it came");
    expect(printLagReason(reasonOf({ lag: 100, sample: OLD }))).toMatch(/^60 % of what waits was /);
  });

  test.each([
    ["others lag as much", { lagOfOthers: 300 }],
    ["there is no other", { lagOfOthers: undefined }],
    ["little waits", { lag: 50 }],
    ["the user has less than half of it", { sample: { ...ONE_USERS, ofTopUser: 49 } }],
    ["few were looked at", { sample: { ...ONE_USERS, events: 10, ofTopUser: 10 } }],
  ])("a partition is not called hot where %s", (_why, some) => {
    expect(reasonOf({ sample: ONE_USERS, ...some })).toEqual({ kind: "unknown" });
  });

  test("most of it was old when it came, by its devices' clocks", () => {
    expect(reasonOf({ lag: 100, sample: OLD })).toEqual({
      kind: "device_backlog",
      share: 0.6,
      lateSeconds: 7200,
    });
    expect(reasonOf({ sample: { ...OLD, old: 49 } })).toEqual({ kind: "unknown" });
  });

  test("the workers catch up, and are done by when the rest is worked off at this pace", () => {
    expect(reasonOf({ pace: PACE })).toEqual({ kind: "catching_up", doneInSeconds: 5, ...PACE });
  });

  test("the worker works long before it commits", () => {
    expect(reasonOf({ word: wordOn("work") })).toEqual({ kind: "working", seconds: 12 });
  });

  test("more comes than is done", () => {
    const pace = { committedPerSecond: 100, appendedPerSecond: 100 };
    expect(reasonOf({ pace, isGrowing: true })).toEqual({ kind: "falling_behind", ...pace });
    expect(reasonOf({ pace: { ...pace, committedPerSecond: 0 }, isGrowing: true })).toEqual({
      kind: "unknown",
    });
    // For now, or by how commits come.
    expect(reasonOf({ pace })).toEqual({ kind: "unknown" });
  });
});

describe("of several reasons that hold", () => {
  const sample = { ...ONE_USERS, old: 60, oldBySeconds: 7200 };
  const note = { begun: { at: 7, times: 2 } };

  test("the main one comes first in the list of kinds, and the others are remarks in its order", () => {
    const all = kindsOf({ group: NOBODY, note, word: wordOn("redis"), sample, pace: PACE });
    expect(all).toEqual([
      "no_member",
      "waiting_on_redis",
      "poison",
      "hot_partition",
      "device_backlog",
      "catching_up",
    ]);
    const positions = all.map((kind) => LAG_REASON_KINDS.findIndex((one) => one === kind));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });

  test("a record that ended its worker explains that the worker is dead", () => {
    expect(kindsOf({ note, silentSeconds: 9 })).toEqual(["poison", "member_dead"]);
  });

  test("a hot partition catches up", () => {
    expect(kindsOf({ sample: ONE_USERS, pace: PACE })).toEqual(["hot_partition", "catching_up"]);
  });
});
