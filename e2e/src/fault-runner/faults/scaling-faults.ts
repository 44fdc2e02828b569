import type { Service } from "../../harness/lastknown.js";
import type { Evidence, Fault } from "../fault.js";
import { PARTITIONS, type FaultRun } from "../fault-run.js";
import { standstills } from "../standstill.js";
import { seconds } from "./seconds.js";

/** The load under which workers come and go. */
export const ROWS_PER_SECOND = 5_000;
/** Of these rows; on a machine that cannot do it the figures are of something else. */
const LOAD_SHARE_MIN = 0.85;
const FEW = 2;
const MANY = 4;
const STOPPED_BOUND_MS = 20_000;
const CAUGHT_UP_BOUND_MS = 120_000;
/** Records that are younger have only not been committed yet. */
const CAUGHT_UP_SECONDS = 1;
const SECONDS_MAX = 75;

export const growToFour: Fault = {
  name: "1 worker becomes 4 under 5,000 rows a second",
  inEveryTest: false,
  secondsMax: SECONDS_MAX,
  strike: async (run) =>
    await scaled(run, async () => {
      const missing = Array.from({ length: MANY - run.workers.running.length });
      await Promise.all(missing.map(() => run.workers.start()));
    }),
};

export const shrinkToTwo: Fault = {
  name: "4 workers become 2 under 5,000 rows a second",
  inEveryTest: false,
  secondsMax: SECONDS_MAX,
  strike: async (run) =>
    await scaled(run, async () => {
      const left = run.randomOf("shrink").shuffle(run.workers.running).slice(FEW);
      await Promise.all(left.map(stopped));
    }),
};

async function stopped(worker: Service): Promise<void> {
  const { exitCode } = await worker.process.stop(STOPPED_BOUND_MS);
  if (exitCode !== 143) throw worker.process.failure(`ended with ${exitCode} on SIGTERM`);
}

/** Changes the number of workers as an autoscaler does, and waits until they have caught up with the load again. */
async function scaled(run: FaultRun, change: () => Promise<void>): Promise<Evidence> {
  const before = run.workers.running.length;
  const first = await caughtUp(run);
  run.breaksNow();
  await change();
  await run.workers.settled();
  const settledAtMs = Date.now();
  const last = await caughtUp(run);
  const toMs = Date.now();
  const rowsPerSecond = Math.round((last.rows - first.rows) / ((last.atMs - first.atMs) / 1000));
  if (rowsPerSecond < ROWS_PER_SECOND * LOAD_SHARE_MIN)
    throw new Error(
      `the load was ${rowsPerSecond} rows/s, not ${ROWS_PER_SECOND}: the machine does too much besides, ` +
        `so this says nothing of ${before} workers that became ${run.workers.running.length}`,
    );
  const stood = standstills(run.states.progress, PARTITIONS, { fromMs: run.brokeAtMs, toMs });
  const each = stood.map((ms, partition) => `${partition}: ${seconds(ms)}`).join(", ");
  const settledAfterSeconds = seconds(settledAtMs - run.brokeAtMs);
  const caughtUpAfterSeconds = seconds(toMs - run.brokeAtMs);
  return {
    seen: `at ${rowsPerSecond} rows/s ${before} became ${run.workers.running.length} within ${settledAfterSeconds} s and had caught up after ${caughtUpAfterSeconds} s; seconds without progress by partition: ${each}`,
    figures: {
      rowsPerSecond,
      settledAfterSeconds,
      caughtUpAfterSeconds,
      ...Object.fromEntries(stood.map((ms, partition) => [`standstillSeconds${partition}`, seconds(ms)])),
    },
  };
}

/** Resolves once no record waits longer than for its commit; gives how many rows the load had published then. */
async function caughtUp(run: FaultRun): Promise<{ rows: number; atMs: number }> {
  const { partitions } = await run.fleet.untilLag(
    ({ lagSeconds }) => lagSeconds !== null && lagSeconds < CAUGHT_UP_SECONDS,
    { boundMs: CAUGHT_UP_BOUND_MS },
  );
  return { rows: partitions.reduce((sum, { end }) => sum + end, 0), atMs: Date.now() };
}
