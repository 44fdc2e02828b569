import { endedChildrenCpuMicros } from "../machine/process-cost.mjs";

/**
 * Replays in a process of its own, counts what it costs where there is a meter, and gives its report.
 * @param {readonly string[]} pace arguments that say how fast
 */
export async function runReplay({ fleet, dataSet, meter, lifetime }, pace, boundMs) {
  const cpuBefore = endedChildrenCpuMicros();
  const args = ["replay", dataSet.file, ...dataSet.replayArguments, ...pace, "--json", "--progress", "none"];
  const replay = fleet.run("replay", args);
  const forget = lifetime.onEnd(() => replay.stop());
  meter?.began("replay", replay.pid);
  const summary = JSON.parse(await replay.output(boundMs));
  meter?.endedWith("replay", endedChildrenCpuMicros() - cpuBefore);
  await forget();
  return summary;
}
