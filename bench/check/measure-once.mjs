// One process of the check: prints the ratios that it measured, as JSON. What a compiler makes of the same code differs
// from process to process, so the check starts several.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logFunctions } from "./hot/log.mjs";
import { replayFunctions } from "./hot/replay.mjs";
import { viewFunctions } from "./hot/view.mjs";
import { workerFunctions } from "./hot/worker.mjs";
import { interleavedRatios } from "./interleaved.mjs";
import { sampleEvents } from "./sample-events.mjs";

const TIMES = { warmUps: 10, rounds: 16 };

const folder = await mkdtemp(join(tmpdir(), "lastknown-check-"));
try {
  const sample = await sampleEvents(folder);
  const functions = [
    ...(await replayFunctions(sample)),
    ...(await logFunctions(sample)),
    ...(await workerFunctions(sample)),
    ...(await viewFunctions(sample, folder)),
  ];
  const ratios = await interleavedRatios(functions, TIMES);
  for (const { end } of functions) await end?.();
  process.stdout.write(`${JSON.stringify(ratios)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
