import { describe, expect, test } from "@jest/globals";
import type { CommitNote, WorkerWord } from "../fleet/commit-note.js";
import type { GroupMembership } from "../kafka/group-offsets.js";
import { SILENT_SECONDS_MAX } from "./explain-lag.js";
import { Looks, NOW_MS, OWNED, OWNER } from "./lag-for-test.js";
import { LagWatch } from "./lag-watch.js";

const NOBODY: GroupMembership = { isRebalancing: false, members: [] };
const NEXT: GroupMembership = { isRebalancing: false, members: [{ ...OWNER, memberId: "m2" }] };

const wordAt = (seconds: number, on: WorkerWord["on"] = "redis"): CommitNote => ({
  word: { on, forMs: 1000, at: NOW_MS + seconds * 1000 },
});

describe("a watch of the lag", () => {
  test("knows nothing of a partition that was not seen", () => {
    expect(new Looks().watch.factsOf(0)).toBeUndefined();
  });

  test("counts what retention has left", () => {
    const looks = new Looks();
    looks.look(3, 10, {}, 6);
    expect([looks.watch.lagOf(0), looks.watch.positionOf(0)]).toEqual([4, 6]);
  });

  test("tells the pace of the last ten seconds, and none of less than a second", () => {
    const looks = new Looks();
    looks.look(0, 1000);
    looks.seconds = 0.5;
    looks.look(50, 1000);
    expect(looks.watch.factsOf(0)?.pace).toBeUndefined();
    for (; looks.seconds < 20; looks.seconds += 0.1) looks.look(looks.seconds * 100, 10_000);
    for (; looks.seconds < 31; looks.seconds += 0.1)
      looks.look(2000 + looks.seconds, 10_000 + 3 * looks.seconds);
    const pace = looks.watch.factsOf(0)?.pace;
    expect(pace?.committedPerSecond).toBeCloseTo(1, 1);
    expect(pace?.appendedPerSecond).toBeCloseTo(3, 1);
  });

  test("begins anew where a committed offset went back", () => {
    const looks = new Looks();
    looks.look(500, 1000);
    looks.seconds = 2;
    looks.look(100, 1000);
    expect(looks.watch.factsOf(0)?.pace).toBeUndefined();
    looks.seconds = 4;
    looks.look(300, 1000);
    expect(looks.watch.factsOf(0)?.pace?.committedPerSecond).toBe(100);
  });

  test("calls an owner dead that neither commits nor says anything while records wait", () => {
    const looks = new Looks();
    looks.look(5, 5);
    looks.seconds = 60;
    looks.look(5, 9);
    // Nothing waited until then.
    expect(looks.watch.factsOf(0)?.emptySecondsAgo).toBe(60);
    expect(looks.kind).toBe("unknown");
    looks.seconds = 60 + SILENT_SECONDS_MAX;
    looks.look(5, 9);
    expect(looks.kind).toBe("member_dead");
    looks.seconds++;
    looks.look(6, 9);
    expect(looks.kind).not.toBe("member_dead");
  });

  test.each([
    ["nobody had it", NOBODY],
    ["its owner before fell silent", OWNED],
  ])("calls an owner dead by its own silence alone: before, %s", (_what, before) => {
    const looks = new Looks();
    looks.group = before;
    for (; looks.seconds < 11; looks.seconds++) looks.look(5, 9);
    looks.group = NEXT;
    for (let silent = 0; silent < SILENT_SECONDS_MAX; silent++, looks.seconds++) {
      looks.look(5, 9);
      expect(looks.kind).toBe("unknown");
      // That the group cannot be asked in between makes nobody a new owner.
      looks.group = silent % 2 === 0 ? undefined : NEXT;
    }
    looks.group = NEXT;
    looks.look(5, 9);
    expect(looks.kind).toBe("member_dead");
  });

  test("calls nobody dead for its silence while the group shares out its partitions", () => {
    const looks = new Looks();
    looks.group = { ...OWNED, isRebalancing: true };
    for (; looks.seconds < 11; looks.seconds++) looks.look(5, 9);
    looks.group = OWNED;
    looks.look(5, 9);
    expect(looks.kind).toBe("unknown");
    looks.seconds += SILENT_SECONDS_MAX;
    looks.look(5, 9);
    expect(looks.kind).toBe("member_dead");
  });

  test("an owner does not say what another one said before it", () => {
    const looks = new Looks();
    looks.look(5, 9);
    looks.seconds = 1;
    looks.look(5, 9, wordAt(1));
    expect(looks.kind).toBe("waiting_on_redis");
    looks.seconds = 2;
    looks.group = NEXT;
    looks.look(5, 9, wordAt(1));
    expect(looks.kind).toBe("unknown");
    looks.seconds = 3;
    looks.look(5, 9, wordAt(3));
    expect(looks.kind).toBe("waiting_on_redis");
  });

  test("says nothing of what has just come", () => {
    const looks = new Looks();
    looks.look(5, 5);
    looks.seconds = 1;
    looks.look(5, 9);
    expect(looks.kind).toBe("none");
    looks.seconds = 3;
    looks.look(5, 9);
    expect(looks.kind).toBe("unknown");
  });

  test("hears a worker that says again and again that it waits, for as long as it does", () => {
    const looks = new Looks();
    for (; looks.seconds < 30; looks.seconds++) {
      looks.look(5, 9, wordAt(looks.seconds - (looks.seconds % 2)));
      expect(looks.kind).toBe("waiting_on_redis");
    }
    for (let silent = 0; silent < SILENT_SECONDS_MAX; silent++, looks.seconds++) looks.look(5, 9, wordAt(28));
    expect(looks.kind).toBe("member_dead");
  });

  test("a word that stood there before counts by the worker's clock, and one that was seen to come by ours", () => {
    const old = new Looks();
    old.look(5, 9, wordAt(-3600));
    expect(old.kind).toBe("unknown");
    const recent = new Looks();
    recent.look(5, 9, wordAt(-1));
    expect(recent.kind).toBe("waiting_on_redis");
    old.seconds = 1;
    // The worker's clock is an hour behind.
    old.look(5, 9, wordAt(-3598));
    expect(old.kind).toBe("waiting_on_redis");
  });

  test("a word of a worker that died long ago says nothing of records that come now", () => {
    const looks = new Looks();
    looks.look(5, 5);
    looks.seconds = 1;
    // It waits with nothing to do, says so, and is killed.
    looks.look(5, 5, wordAt(1));
    for (; looks.seconds < 3600; looks.seconds++) looks.look(5, 5, wordAt(1));
    for (let silent = 0; silent < SILENT_SECONDS_MAX; silent++, looks.seconds++) {
      looks.look(5, 9, wordAt(1));
      expect(looks.kind).toBe(silent < 2 ? "none" : "unknown");
    }
    looks.look(5, 9, wordAt(1));
    expect(looks.kind).toBe("member_dead");
  });

  test("a word that came at some time in a long pause between looks counts by the worker's clock", () => {
    const looks = new Looks();
    looks.look(5, 9);
    looks.seconds = 600;
    looks.look(5, 9, wordAt(300));
    expect(looks.kind).toBe("unknown");
    looks.seconds = 1200;
    looks.look(5, 9, wordAt(1199));
    expect(looks.kind).toBe("waiting_on_redis");
  });

  test("a worker that works long without a commit is not dead", () => {
    const looks = new Looks();
    for (; looks.seconds < 30; looks.seconds++) {
      looks.look(5, 9, wordAt(looks.seconds - (looks.seconds % 2), "work"));
      expect(looks.kind).toBe("working");
    }
  });

  test("a worker that is given nothing of what waits is not dead", () => {
    const looks = new Looks();
    for (; looks.seconds < 30; looks.seconds++) {
      looks.look(5, 9, wordAt(looks.seconds - (looks.seconds % 2), "idle"));
      expect(looks.kind).toBe("unknown");
    }
  });

  test("tells how much waits in the middle of the other partitions", () => {
    const watch = new LagWatch();
    const ends = new Map([10, 1, 2, 3].map((end, partition) => [partition, { start: 0, end }]));
    watch.look({ atMs: 0, nowMs: NOW_MS, ends, commits: new Map(), group: undefined });
    expect(watch.factsOf(0)?.lagOfOthers).toBe(2);
    const alone = new Looks();
    alone.look(0, 9);
    expect(alone.watch.factsOf(0)?.lagOfOthers).toBeUndefined();
    expect(watch.factsOf(0)?.isCommitted).toBe(false);
  });
});
