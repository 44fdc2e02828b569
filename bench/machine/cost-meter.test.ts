import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "@jest/globals";
import { CostMeter } from "./cost-meter.mjs";
import { endedChildrenCpuMicros } from "./process-cost.mjs";

const BUSY_MS = 400;
const BUSY = `for (const end = Date.now() + ${BUSY_MS}; Date.now() < end;);`;

it("takes a child that has ended for ours, whether its role is known or not", async () => {
  const ours: [string, number[]][] = [["bench", [process.pid]]];
  const [knowing, ignorant] = [new CostMeter(new Map(ours)), new CostMeter(new Map(ours))];
  knowing.start();
  ignorant.start();
  const before = endedChildrenCpuMicros();
  const child = execFile(process.execPath, ["-e", BUSY]);
  knowing.began("child", child.pid!);
  await once(child, "close");
  knowing.endedWith("child", endedChildrenCpuMicros() - before);
  const [known, unknown] = [knowing.stop(1), ignorant.stop(1)];
  expect(known.roles.child.microsPerEvent).toBeGreaterThan(0);
  // Both look at the same machine, however busy it is, at about the same moment.
  expect(Math.abs(known.othersShare - unknown.othersShare)).toBeLessThan(0.03);
});

it("does not count what had ended before it began", () => {
  spawnSync(process.execPath, ["-e", BUSY]);
  const meter = new CostMeter(new Map());
  meter.start();
  const untilMs = Date.now() + BUSY_MS;
  while (Date.now() < untilMs);
  expect(meter.stop(1).othersShare).toBeGreaterThan(0);
});
