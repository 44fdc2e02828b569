import { ProductCopy, type BuildChange } from "../../negative-controls/product-copy.js";
import { waitUntil } from "../../harness/wait-until.js";
import type { Fault } from "../fault.js";
import type { FaultRun } from "../fault-run.js";
import { seconds } from "./seconds.js";
import { WORKER_SESSION_MS } from "./time-outs.js";

/** A place between two steps of the work, at which a worker of a changed copy ends itself. */
interface Failpoint {
  readonly name: string;
  /** It dies before what the text says. */
  readonly change: Pick<BuildChange, "file" | "from">;
}

const PIPELINE = "consumer/dist/pipeline/pipeline.js";
const ASSIGNMENT = "consumer/dist/assignment/assignment.js";

export const failpoints: readonly Failpoint[] = [
  {
    name: "audit and Redis",
    change: { file: PIPELINE, from: "return await this.#applyStates(batches, signal);" },
  },
  {
    name: "Redis and the progress of all buckets",
    change: { file: ASSIGNMENT, from: "this.#markDone(batches, behind);" },
  },
  {
    name: "progress and commit",
    change: { file: ASSIGNMENT, from: "await this.#commitOffsets(advanced, signal);" },
  },
];

/** It works for a while before it dies, so that it dies in the middle of something. */
const PASSES_BEFORE = 30;
const DIES_WITHIN_MS = 60_000;
const TAKEN_OVER_BOUND_MS = 30_000;
const DEATH = `if ((globalThis.passes = (globalThis.passes ?? 0) + 1) > ${PASSES_BEFORE}) process.kill(process.pid, "SIGKILL");`;

/** One fault for each place between two steps. */
export const dieBetweenSteps: readonly Fault[] = failpoints.map((failpoint) => ({
  name: `kill -9 of a worker between ${failpoint.name}`,
  inEveryTest: true,
  standsStillMs: WORKER_SESSION_MS,
  strike: async (run) => {
    const copy = await ProductCopy.make();
    try {
      await copy.change(deathAt(failpoint));
      return await dieOf(run, copy.bin);
    } finally {
      await copy.remove();
    }
  },
}));

/** In braces, for the text may be all that follows an `if`. */
export function deathAt({ change: { file, from } }: Failpoint): BuildChange {
  return { file, from, to: `{ ${DEATH} ${from} }` };
}

async function dieOf(run: FaultRun, bin: string): ReturnType<Fault["strike"]> {
  const victim = await run.workers.start({}, bin);
  const look = (): true | undefined => !victim.process.running || undefined;
  await waitUntil(look, { what: "a worker to end itself", boundMs: DIES_WITHIN_MS });
  const fromMs = Date.now();
  const { signal } = await victim.process.ended;
  if (signal !== "SIGKILL") throw victim.process.failure("ended, but not by its own hand");
  const partitions = run.workers.partitionsOf(victim);
  if (partitions.length === 0) throw new Error("it died before it had any partition");
  const tookMs = await run.workers.takenOver(partitions, fromMs, TAKEN_OVER_BOUND_MS);
  return { seen: `it died there; partitions ${partitions.join()} went to others after ${seconds(tookMs)} s` };
}
