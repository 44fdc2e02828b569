// What each process takes of the machine while nothing comes.

import { setTimeout as sleep } from "node:timers/promises";
import { CostMeter } from "../machine/cost-meter.mjs";

/** @returns one run's figures */
export async function runIdle({ fleet, servers, seconds, settle }) {
  // Fresh processes compile their code, and Node gives memory back late.
  await sleep(settle * 1000);
  const pids = new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]);
  const meter = new CostMeter(pids);
  meter.start();
  await sleep(seconds * 1000);
  fleet.requireRunning();
  // Per second instead of per event: a millionth of a core is a microsecond of it in each.
  const { roles, ...cost } = meter.stop(seconds);
  const shares = Object.entries(roles).map(([role, { microsPerEvent, residentMaxMb, residentMb }]) => [
    role,
    { coreShare: microsPerEvent / 1e6, processes: pids.get(role).length, residentMaxMb, residentMb },
  ]);
  return { cost, idle: Object.fromEntries(shares) };
}
