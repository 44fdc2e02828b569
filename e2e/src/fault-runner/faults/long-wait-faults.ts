import { setTimeout as pause } from "node:timers/promises";
import { waitUntil } from "../../harness/wait-until.js";
import type { Fault } from "../fault.js";
import type { FaultRun } from "../fault-run.js";
import { patientMetrics } from "../workers.js";
import { seconds } from "./seconds.js";

const AWAY_MS = 300_000;
const LOOK_EVERY_MS = 5_000;
const NAMED_BOUND_MS = 30_000;
/** What is fetched and not done, of one worker; and all of its memory: both far below a default heap. */
const QUEUE_BYTES_MAX = 4 * 1024 * 1024;
const RESIDENT_BYTES_MAX = 400 * 1024 * 1024;
const REBALANCES = "lastknown_rebalances_total";

export const redisAway: Fault = {
  name: "all Redis nodes hang for 5 min",
  inEveryTest: false,
  secondsMax: 600,
  standsStillMs: NAMED_BOUND_MS + AWAY_MS,
  strike: async (run) => {
    const nodes = run.redis.names.map((name) => run.redis.node(name));
    const rebalances = await run.workers.total(REBALANCES);
    const letters = await run.workers.unmeantLetters();
    for (const node of nodes) node.signal("SIGSTOP");
    let largest: Memory;
    try {
      await redisNamed(run);
      largest = await watchMemory(run);
      await redisNamed(run);
      if (run.states.hasAnyMovedSince(performance.now() - AWAY_MS / 2))
        throw new Error("records flowed meanwhile");
    } finally {
      for (const node of nodes) node.signal("SIGCONT");
    }
    const flowsAfterMs = await run.flows();
    const moved = (await run.workers.total(REBALANCES)) - rebalances;
    if (moved !== 0) throw new Error(`${moved} assignments were made anew`);
    const moreLetters = (await run.workers.unmeantLetters()) - letters;
    if (moreLetters !== 0) throw new Error(`${moreLetters} events were dead-lettered`);
    const megabytes = Math.round(largest.residentBytes / 1024 / 1024);
    const kilobytes = Math.round(largest.queueBytes / 1024);
    return {
      seen: `no partition moved; a worker took ${megabytes} MB at most, of that ${kilobytes} KB of records; all flowed ${seconds(flowsAfterMs)} s after Redis was back`,
      figures: { residentMegabytesMax: megabytes, queueKilobytesMax: kilobytes },
    };
  },
};

/** Resolves when each worker says that it waits for Redis, and for nobody else. */
async function redisNamed(run: FaultRun): Promise<void> {
  for (const worker of run.workers.running) {
    const look = async (): Promise<true | undefined> => {
      const readiness = await worker.readiness().catch(() => "");
      return (readiness.includes("[-]redis failed") && readiness.includes("[+]kafka ok")) || undefined;
    };
    await waitUntil(look, { what: `${worker.process.name} to name Redis`, boundMs: NAMED_BOUND_MS });
  }
}

interface Memory {
  readonly queueBytes: number;
  readonly residentBytes: number;
}

/** Looks at all workers for as long as Redis is away. Gives the largest that was seen of each. */
async function watchMemory(run: FaultRun): Promise<Memory> {
  let largest = { queueBytes: 0, residentBytes: 0 };
  for (let awayMs = 0; awayMs < AWAY_MS; awayMs += LOOK_EVERY_MS) {
    await pause(LOOK_EVERY_MS);
    for (const worker of run.workers.running) {
      const metrics = await patientMetrics(worker);
      largest = {
        queueBytes: Math.max(largest.queueBytes, metrics.get("lastknown_queue_bytes") ?? Infinity),
        residentBytes: Math.max(
          largest.residentBytes,
          metrics.get("process_resident_memory_bytes") ?? Infinity,
        ),
      };
    }
    if (largest.queueBytes > QUEUE_BYTES_MAX || largest.residentBytes > RESIDENT_BYTES_MAX)
      throw new Error(`a worker's memory is not bounded: ${JSON.stringify(largest)}`);
  }
  return largest;
}
