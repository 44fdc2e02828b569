import { setTimeout as pause } from "node:timers/promises";
import type { Service } from "../../harness/lastknown.js";
import type { Evidence, Fault } from "../fault.js";
import type { FaultRun } from "../fault-run.js";
import { seconds } from "./seconds.js";
import { WORKER_SESSION_MS } from "./time-outs.js";

/** Past the session that the runner gives its workers, so that the group gives its partitions away. */
const PAST_SESSION_MS = 9_000;
const TAKEN_OVER_BOUND_MS = 30_000;
const STOPPED_BOUND_MS = 20_000;
const REBALANCE_BOUND_MS = 15_000;

export const killOne: Fault = {
  name: "kill -9 of a worker",
  inEveryTest: true,
  standsStillMs: WORKER_SESSION_MS,
  strike: async (run) => await killAll(run, [run.randomOf("kill one").pick(run.workers.running)]),
};

export const killTwo: Fault = {
  name: "kill -9 of two workers at once",
  inEveryTest: false,
  standsStillMs: WORKER_SESSION_MS,
  strike: async (run) => {
    const victims = run.randomOf("kill two").shuffle(run.workers.running).slice(0, 2);
    return await killAll(run, victims);
  },
};

async function killAll(run: FaultRun, victims: readonly Service[]): Promise<Evidence> {
  const partitions = victims.flatMap((victim) => run.workers.partitionsOf(victim));
  const fromMs = Date.now();
  await Promise.all(victims.map((victim) => victim.process.kill("SIGKILL")));
  const tookMs = await run.workers.takenOver(partitions, fromMs, TAKEN_OVER_BOUND_MS);
  return {
    seen: `partitions ${partitions.join()} went to others after ${seconds(tookMs)} s`,
    figures: { takenOverAfterSeconds: seconds(tookMs) },
  };
}

export const killDuringRebalance: Fault = {
  name: "kill -9 of a worker during a rebalance",
  inEveryTest: true,
  standsStillMs: WORKER_SESSION_MS,
  strike: async (run) => {
    const [victim, leaver, ...others] = run.randomOf("kill during rebalance").shuffle(run.workers.running);
    if (victim === undefined || leaver === undefined) throw new Error("there are too few workers");
    const partitions = [victim, leaver].flatMap((worker) => run.workers.partitionsOf(worker));
    const fromMs = Date.now();
    // Asleep it does not join again, so that the rebalance lasts until it is killed, or its session is over.
    await victim.process.kill("SIGSTOP");
    const left = leaver.process.stop(STOPPED_BOUND_MS);
    try {
      await run.workers.revoked(others, REBALANCE_BOUND_MS);
    } finally {
      await victim.process.kill("SIGKILL");
      await left;
    }
    const tookMs = await run.workers.takenOver(partitions, fromMs, TAKEN_OVER_BOUND_MS);
    return {
      seen: `the others had given up theirs and waited; they had new ones after ${seconds(tookMs)} s`,
    };
  },
};

export const freezePastSession: Fault = {
  name: "SIGSTOP of a worker past its session, then SIGCONT",
  inEveryTest: true,
  standsStillMs: WORKER_SESSION_MS,
  strike: async (run) => {
    const victim = run.randomOf("freeze").pick(run.workers.running);
    const partitions = run.workers.partitionsOf(victim);
    const fromMs = Date.now();
    await victim.process.kill("SIGSTOP");
    let tookMs: number;
    try {
      tookMs = await run.workers.takenOver(partitions, fromMs, TAKEN_OVER_BOUND_MS);
      await pause(Math.max(0, PAST_SESSION_MS - tookMs));
    } finally {
      await victim.process.kill("SIGCONT");
    }
    const wokeAtMs = Date.now();
    await run.workers.assignedAnew(victim, wokeAtMs, TAKEN_OVER_BOUND_MS);
    const awayMs = wokeAtMs - fromMs;
    return { seen: `others had its partitions after ${seconds(tookMs)} s; it slept ${seconds(awayMs)} s` };
  },
};

export const rollingStop: Fault = {
  name: "rolling SIGTERM of all workers",
  inEveryTest: true,
  strike: async (run) => {
    const before = [...run.workers.running];
    let longestMs = 0;
    for (const worker of before) {
      const fromMs = performance.now();
      const { exitCode } = await worker.process.stop(STOPPED_BOUND_MS);
      if (exitCode !== 143) throw worker.process.failure(`ended with ${exitCode} on SIGTERM`);
      longestMs = Math.max(longestMs, performance.now() - fromMs);
      await run.workers.start();
    }
    return { seen: `${before.length} workers replaced; the slowest stopped in ${seconds(longestMs)} s` };
  },
};

export const scale: Fault = {
  name: "workers added and removed under load",
  inEveryTest: false,
  strike: async (run) => {
    const random = run.randomOf("scale");
    const before = run.workers.running.length;
    await Promise.all([run.workers.start(), run.workers.start()]);
    await run.workers.settled();
    const most = run.workers.running.length;
    for (const worker of random.shuffle(run.workers.running).slice(0, most - before)) {
      await worker.process.stop(STOPPED_BOUND_MS);
    }
    await run.workers.settled();
    return { seen: `${before} workers became ${most}, then ${run.workers.running.length} again` };
  },
};
