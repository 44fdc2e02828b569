// Tells how many of the moments of a plan have passed, at each. A thread of its own can sleep for less than the whole
// milliseconds that timers have.

import { parentPort, workerData } from "node:worker_threads";
import { clockMs } from "./clock-ms.mjs";

const { beginMs, everyMs, count } = workerData;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

for (let passed = 0; passed < count;) {
  const waitMs = beginMs + passed * everyMs - clockMs();
  if (waitMs > 0) Atomics.wait(NEVER, 0, 0, waitMs);
  // Where it woke late, several.
  passed = Math.min(count, Math.floor((clockMs() - beginMs) / everyMs) + 1);
  parentPort.postMessage(passed);
}
