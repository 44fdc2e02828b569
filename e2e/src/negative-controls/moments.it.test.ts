import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { complaintsAboutMoments } from "../fault-runner/judge-moments.js";
import { ASKS_ABOUT_ALL } from "./asks-about-all.js";
import { ControlFleets } from "./control-fleets.js";
import type { BuildChange } from "./product-copy.js";
import { WatchedFleet, type Watch } from "./watched-fleet.js";

/** A reader that looks several times a second has to see what lasts for so long. */
const HELD = "await new Promise((wake) => setTimeout(wake, 300));";

const STATES_BEFORE_AUDIT: BuildChange = {
  file: "consumer/dist/pipeline/pipeline.js",
  from: "const entered = await this.#appendToAudit({ ...prepared, batches: certain }, signal);",
  to: `await this.#applyStates(certain, signal); ${HELD}
       const entered = await this.#appendToAudit({ ...prepared, batches: certain }, signal);`,
};

const COMMITS_BEFORE_AUDIT: BuildChange = {
  file: "consumer/dist/assignment/assignment.js",
  from: "const behind = await attempts.run(batches, signal, () => this.#options.activity.moved());",
  to: `await this.#commitOffsets(new Map(batches.map(({ partition, nextOffset }) => [partition, nextOffset])), signal); ${HELD}
       const behind = await attempts.run(batches, signal, () => this.#options.activity.moved());`,
};

/** Whatever comes last is the state, as in the assignment that takes the order of arrival for that of events. */
const LAST_TO_ARRIVE_WINS: BuildChange = {
  file: "consumer/dist/states/redis/state-scripts.js",
  from: "ARGV[at] > order",
  to: "ARGV[at] ~= order",
};

/** The view is always some seconds behind. */
const FOLDS_LATE: BuildChange = {
  file: "query/dist/folding/view-folder.js",
  from: "await this.#foldSlices(slices);",
  to: "await this.#pause(4000); await this.#foldSlices(slices);",
};

const ALWAYS_SAYS_0: BuildChange = {
  file: "query/dist/http/provenance-headers.js",
  from: 'lag === "unknown" ? lag : lag.toFixed(3)',
  to: '"0.000"',
};

describe("what holds at every moment, under load", () => {
  const fleets = new ControlFleets();
  let watched: WatchedFleet | undefined;
  /** Of a worker as it is: what the three query services answered. */
  let usual: readonly string[][] = [];
  /** Of each changed worker, by its change. */
  const changed = new Map<BuildChange, readonly string[]>();

  /** One fleet and one load for all, and one reading of what they left: each takes much longer than a watch. */
  beforeAll(async () => {
    const fleet = await fleets.create({ prefix: "moments" });
    const { bin } = await fleets.copyWith();
    const late = await fleets.copyWith(FOLDS_LATE);
    const denying = await fleets.copyWith(FOLDS_LATE, ALWAYS_SAYS_0);
    watched = await WatchedFleet.start(fleet);
    const query = await fleet.startQuery();
    const others = [
      await fleet.startQuery("late", {}, late.bin),
      await fleet.startQuery("denying", {}, denying.bin),
    ];
    const usualWatch = await watched.watch(bin, [query, ...others]);
    await Promise.all(others.map((other) => other.stop()));
    const watches = new Map<BuildChange, Watch>();
    for (const change of [STATES_BEFORE_AUDIT, COMMITS_BEFORE_AUDIT, LAST_TO_ARRIVE_WINS]) {
      const copy = await fleets.copyWith(change, ASKS_ABOUT_ALL);
      watches.set(change, await watched.watch(copy.bin, [query]));
    }
    const stores = await watched.end(bin);
    usual = watched.judge(usualWatch, stores).map(complaintsAboutMoments);
    for (const [change, watch] of watches)
      changed.set(change, watched.judge(watch, stores).flatMap(complaintsAboutMoments));
  }, 300_000);

  afterAll(async () => {
    await watched?.close();
    await fleets.close();
  });

  it("is seen to hold", () => {
    expect(usual[0]).toEqual([]);
  });

  it("is seen to hold of a view that is late and says so, and not of one that denies it", () => {
    expect(usual[1]).toEqual([]);
    expect(usual[2]).toEqual([expect.stringMatching(/^freshness: .* from (?:redis|view) at .* with lag 0/)]);
  });

  it.each([
    ["states are written before the audit", STATES_BEFORE_AUDIT, /^logBeforeState: .* in the audit/],
    ["offsets are committed before the audit", COMMITS_BEFORE_AUDIT, /^commits: .* settled at its commit/],
    ["what comes last is the state", LAST_TO_ARRIVE_WINS, /^stepsBack: .* going back/],
  ])("is seen to be broken where %s", (_what, change, complaint) => {
    // Answers rest on states and commits, so they may be wrong as well.
    const complaints = changed.get(change)?.filter((line) => !line.startsWith("freshness: "));
    expect(complaints).toEqual([expect.stringMatching(complaint)]);
  });
});
