import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parentToWatch, startStack } from "@lastknown/stack";
import { say } from "../../scripts/say.mjs";

const KAFKA_HEAP_MB = 512;

/**
 * Starts servers for the bench alone, in the form for measurements (the broker's whole JIT, a larger heap). They
 * and their folder go with the lifetime.
 */
export async function startBenchStack(lifetime) {
  const stack = await startStack({
    directory: join(tmpdir(), `lastknown-bench-${randomBytes(6).toString("hex")}`),
    temporary: true,
    watched: parentToWatch(),
    quickJit: false,
    kafkaHeapMb: KAFKA_HEAP_MB,
    onProgress: say,
  });
  lifetime.onEnd(() => stack.stop());
  const pids = (pattern) =>
    stack.nodeNames.filter((name) => pattern.test(name)).map((name) => stack.node(name).pid);
  return {
    stack,
    /** Role → pids, for the meter. */
    roles: new Map([
      ["redis ×3", pids(/^redis/)],
      ["broker", pids(/^kafka/)],
      ["registry", pids(/^registry/)],
    ]),
  };
}
