import { setTimeout as pause } from "node:timers/promises";
import { readMetric, readMetrics } from "../../faults/read-metrics.js";
import { SteppedClock } from "../../fault-tools/index.js";
import type { Service } from "../../harness/lastknown.js";
import { waitUntil } from "../../harness/wait-until.js";
import type { Fault } from "../fault.js";
import type { FaultRun } from "../fault-run.js";

/** Longer than the group waits for a member that it does not hear. */
const HELD_MS = 10_000;
const SEEN_BOUND_MS = 10_000;
/** A `Date` header has whole seconds, and is made anew once a second. */
const PRECISION_SECONDS = 5;
const REBALANCES = "lastknown_rebalances_total";
const RECORDS = "lastknown_records_total";

/** The worker that lives by the clock stays, and its clock stays as it was set, until the run is over. */
export const setClock: readonly Fault[] = [
  step("a worker's clock set an hour ahead", 3_600),
  step("a worker's clock set back by a minute", -60),
];

function step(name: string, aheadBy: number): Fault {
  return {
    name,
    inEveryTest: false,
    strike: async (run) => {
      const clock = await SteppedClock.create();
      run.atEnd(async () => await Promise.resolve(clock.remove()));
      const worker = await run.workers.start(clock.environment);
      await run.workers.settled();
      const rebalances = await run.workers.total(REBALANCES);
      const records = await readMetric(worker, RECORDS);
      run.breaksNow();
      clock.setAheadBy(aheadBy);
      const seen = await offsetOf(worker, clock, aheadBy);
      await pause(HELD_MS);
      const worked = (await readMetric(worker, RECORDS)) - records;
      if (worked <= 0) throw new Error("it did nothing any more");
      await requireUndisturbed(run, worker, rebalances);
      return {
        seen: `its clock was off by ${Math.round(seen)} s; it kept its partitions and worked on ${worked} records in ${HELD_MS / 1000} s`,
      };
    },
  };
}

/** What the running worker's clock is off by, once it is what was asked for. */
async function offsetOf(worker: Service, clock: SteppedClock, wanted: number): Promise<number> {
  const url = `http://127.0.0.1:${worker.operationsPort}/livez`;
  const look = async (): Promise<number | undefined> => {
    const seen = await clock.offsetSecondsAt(url);
    return Math.abs(seen - wanted) < PRECISION_SECONDS ? seen : undefined;
  };
  return await waitUntil(look, { what: `a clock that is off by ${wanted} s`, boundMs: SEEN_BOUND_MS });
}

async function requireUndisturbed(run: FaultRun, worker: Service, rebalances: number): Promise<void> {
  const after = await run.workers.total(REBALANCES);
  if (after !== rebalances) throw new Error(`${after - rebalances} assignments were made anew`);
  const backward = [...(await readMetrics(worker))].filter(
    ([name, sum]) => name.endsWith("_sum") && !(sum >= 0),
  );
  if (backward.length > 0) throw new Error(`time went backward in ${backward.join(", ")}`);
}
