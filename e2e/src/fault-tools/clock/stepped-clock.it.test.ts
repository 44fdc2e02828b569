import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { readMetrics } from "../../faults/read-metrics.js";
import { sampleFile } from "../../faults/sample-file.js";
import type { Service } from "../../harness/lastknown.js";
import { type QueryService, TestFleet } from "../../harness/test-fleet.js";
import { waitUntil } from "../../harness/wait-until.js";
import { complaintsAbout, recompute } from "../../oracle/index.js";
import { canBeMade } from "../cannot-be-made.js";
import { SteppedClock } from "./stepped-clock.js";

jest.setTimeout(240_000);

const BOUND = { boundMs: 60_000 };
const SESSION_MS = 6_000;
const QUICK_SESSION = {
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: String(SESSION_MS),
  LASTKNOWN_WORKER_HEARTBEAT_INTERVAL_MS: "1000",
};
const ASSIGNED = "lastknown_assigned_partitions";
const REBALANCES = "lastknown_rebalances_total";
const RECORDS = "lastknown_records_total";

const itWithClocks = (await canBeMade(
  () => SteppedClock.create(),
  (clock) => clock.remove(),
))
  ? it
  : it.skip;

describe("a worker and a query service whose clock is set while they work", () => {
  let clock: SteppedClock | undefined;
  let fleet: TestFleet | undefined;
  let workers: Service[] = [];
  let query: QueryService | undefined;

  beforeAll(async () => {
    clock = await SteppedClock.create();
    fleet = await TestFleet.create({ prefix: "clock", environment: QUICK_SESSION });
    workers = [await fleet.startWorker(clock.environment), await fleet.startWorker()];
    query = await fleet.startQuery("view", clock.environment);
    await waitUntil(
      async () => ((await figures(ASSIGNED)).every((count) => count === 2) ? true : undefined),
      {
        what: "two partitions for each worker",
        ...BOUND,
      },
    );
  });

  afterAll(async () => {
    await fleet?.close();
    clock?.remove();
  });

  const figures = async (name: string): Promise<number[]> =>
    Promise.all(workers.map(async (worker) => (await readMetrics(worker)).get(name) ?? 0));

  itWithClocks(
    "works on, keeps its partitions, an hour ahead and minutes behind, and everything is right",
    async () => {
      const [worker] = workers;
      if (clock === undefined || fleet === undefined || worker === undefined || query === undefined) {
        throw new Error("nothing was started");
      }
      const rebalances = await figures(REBALANCES);
      const file = await sampleFile(fleet.folder, { users: 40, rows: 4_000, seed: 29 });
      const replay = fleet.start(["replay", file, "--rate", "200"]);
      // Under load commits keep the membership alive, too; at the last step nothing is left to commit.
      for (const aheadBy of [3_600, -60, -120]) {
        const isIdle = aheadBy === -120;
        if (isIdle) {
          expect(await replay.ended).toEqual({ exitCode: 0, signal: null });
          await fleet.caughtUp(query);
        }
        clock.setAheadBy(aheadBy);
        for (const port of [worker.operationsPort, query.operationsPort]) {
          const seen = await waitUntil(async () => near(aheadBy, await offsetAt(port)), {
            what: `a clock ${aheadBy} s ahead`,
            ...BOUND,
          });
          expect(seen).toBeCloseTo(aheadBy, -1);
        }
        const [before = 0] = await figures(RECORDS);
        // Longer than the group waits for a member that it does not hear.
        await pause(SESSION_MS * 1.5);
        if (!isIdle) expect((await figures(RECORDS))[0]).toBeGreaterThan(before);
        expect(await figures(ASSIGNED)).toEqual([2, 2]);
        expect(await figures(REBALANCES)).toEqual(rebalances);
        const sums = [...(await readMetrics(worker))].filter(([name]) => name.endsWith("_sum"));
        expect(sums.filter(([, sum]) => !(sum >= 0))).toEqual([]);
      }
      const judgement = await fleet.judge({
        expected: recompute(file).arrivals,
        doublesAllowed: true,
        answers: { baseUrl: query.baseUrl, questions: 500 },
      });
      expect(complaintsAbout(judgement)).toEqual([]);
    },
  );

  const offsetAt = async (port: number): Promise<number> =>
    (await clock?.offsetSecondsAt(`http://127.0.0.1:${port}/livez`)) ?? 0;
});

/** A `Date` header has whole seconds, and is made anew once a second. */
function near(wanted: number, seen: number): number | undefined {
  return Math.abs(seen - wanted) < 5 ? seen : undefined;
}
