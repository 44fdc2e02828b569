import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readMetric } from "../../faults/read-metrics.js";
import { SmallDisk } from "../../fault-tools/index.js";
import { waitUntil } from "../../harness/wait-until.js";
import type { SeenAnswer } from "../../oracle/index.js";
import type { Fault } from "../fault.js";
import type { FaultRun } from "../fault-run.js";
import { seconds } from "./seconds.js";
import { BROKER_SESSION_MS } from "./time-outs.js";

/** Kafka sets aside as much as an index may grow to, twice for each partition. */
const BROKER_DISK_BYTES = 1024 * 1024 * 1024;
/** Room for the view of a run's events, which grow it to some hundred bytes each. */
export const VIEW_DISK_BYTES = 384 * 1024 * 1024;
const DOWN_BOUND_MS = 60_000;
const FULL_BOUND_MS = 90_000;
const VIEW_FULL_MS = 15_000;
const CAUGHT_UP_BOUND_MS = 60_000;
/** As far as the view may be behind under load. */
const CAUGHT_UP_LAG_SECONDS = 1;
const UNWRITABLE = 'lastknown_view_state{state="unwritable"}';

export const fullBroker: Fault = {
  name: "the disk of a broker full",
  inEveryTest: false,
  standsStillMs: BROKER_SESSION_MS,
  strike: async (run) => {
    const name = run.randomOf("full broker").pick(run.brokers.names);
    const disk = await moveToSmallDisk(run, name);
    run.breaksNow();
    const fullAtMs = performance.now();
    await disk.fill();
    await down(run, name);
    const downAfterMs = performance.now() - fullAtMs;
    const leader = await run.brokers.leaderOf(run.eventsTopic, 0);
    if (leader === name) throw new Error(`${name} still leads`);
    const flowsAfterMs = await run.flows();
    await disk.free();
    await run.brokers.restart(name);
    return {
      seen: `${name} shut itself down ${seconds(downAfterMs)} s after its disk was full, and records flowed without it ${seconds(flowsAfterMs)} s later; with room it came back`,
      figures: { shutDownAfterSeconds: seconds(downAfterMs) },
    };
  },
};

/** The broker is down while its files are copied. The disk stays until the run is over. */
async function moveToSmallDisk(run: FaultRun, name: string): Promise<SmallDisk> {
  run.brokers.node(name).signal("SIGKILL");
  await down(run, name);
  const disk = await SmallDisk.mount({
    bytes: BROKER_DISK_BYTES,
    over: join(run.stack.directory, name, "log"),
  });
  run.atEnd(async () => await disk.unmount());
  await run.brokers.restart(name);
  await run.flows();
  return disk;
}

async function down(run: FaultRun, name: string): Promise<void> {
  const look = (): true | undefined => !run.brokers.node(name).isRunning() || undefined;
  await waitUntil(look, { what: `${name} to be down`, boundMs: DOWN_BOUND_MS });
}

export const fullView: Fault = {
  name: "the disk of the view full",
  inEveryTest: false,
  strike: async (run) => {
    await run.viewDisk.fill();
    await viewIs(run, 1);
    const fullAtMs = Date.now();
    await pause(VIEW_FULL_MS);
    const answers = run.answers.seen.filter(({ askedAtMs }) => askedAtMs >= fullAtMs);
    const fromView = answers.filter(isFromView);
    const lag = fromView.at(-1)?.lagSeconds ?? 0;
    const isBehind = lag >= VIEW_FULL_MS / 2 / 1000;
    if (!isBehind) throw new Error(`the view told a lag of ${lag} s after ${VIEW_FULL_MS} ms on a full disk`);
    const latest = answers.filter(({ store, status }) => store === "redis" && status === 200);
    if (latest.length === 0) throw new Error("nothing was answered from Redis");
    await run.viewDisk.free();
    const caughtUpMs = await caughtUp(run);
    return {
      seen: `${fromView.length} questions were answered from the view, at last with a lag of ${lag} s, and ${latest.length} from Redis; ${seconds(caughtUpMs)} s after there was room it had caught up`,
      figures: { viewLagSeconds: lag, caughtUpAfterSeconds: seconds(caughtUpMs) },
    };
  },
};

function isFromView({ store, status }: SeenAnswer): boolean {
  return store === "view" && status === 200;
}

/** @param unwritable 1 or 0, as the metric has it */
async function viewIs(run: FaultRun, unwritable: number): Promise<void> {
  const look = async (): Promise<true | undefined> =>
    (await readMetric(run.query, UNWRITABLE)) === unwritable || undefined;
  await waitUntil(look, { what: `the view's disk to be noticed`, boundMs: FULL_BOUND_MS });
}

/** Resolves when the view lacks nothing again. Gives how long that took. */
async function caughtUp(run: FaultRun): Promise<number> {
  const fromMs = Date.now();
  await viewIs(run, 0);
  const look = (): true | undefined =>
    run.answers.seen.some(
      (answer) =>
        answer.askedAtMs >= fromMs &&
        isFromView(answer) &&
        (answer.lagSeconds ?? Infinity) <= CAUGHT_UP_LAG_SECONDS,
    ) || undefined;
  await waitUntil(look, { what: "the view to catch up", boundMs: CAUGHT_UP_BOUND_MS });
  return Date.now() - fromMs;
}
