// What else the machine does: a figure without it means nothing on a machine that others use too.

import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const MICROS_PER_TICK = 10_000;
const LOOK_MS = 1000;

/** CPU time of the whole machine since its start, in µs: busy with programs and the kernel, and taken by the host. */
export function machineCpuMicros() {
  const line = readFileSync("/proc/stat", "latin1").split("\n", 1)[0];
  const [user, nice, system, , , interrupts, softInterrupts, steal] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return {
    busy: (user + nice + system + interrupts + softInterrupts) * MICROS_PER_TICK,
    stolen: steal * MICROS_PER_TICK,
  };
}

/** The machine, and how busy it is while the bench does nothing. */
export async function machineBefore() {
  const before = machineCpuMicros();
  const startedMs = performance.now();
  await sleep(LOOK_MS);
  const capacityMicros = (performance.now() - startedMs) * 1000 * availableParallelism();
  const after = machineCpuMicros();
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryMb: Math.round(totalmem() / 1024 / 1024),
    node: process.versions.node,
    loadAverage: loadavg().map((load) => Number(load.toFixed(2))),
    // Ticks that end just within the look may make it more than there is.
    busyBefore: Math.min(1, (after.busy - before.busy) / capacityMicros),
    stolenBefore: (after.stolen - before.stolen) / capacityMicros,
  };
}
