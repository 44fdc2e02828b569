import { fleetNames } from "@lastknown/shared";
import { appliedOf } from "../phases/until-visible.mjs";
import { audited } from "../visibility/audited.mjs";
import { lacking } from "../visibility/newest-in-redis.mjs";
import { ProgressWatch } from "../visibility/progress-watch.mjs";

const LOOK_EVERY_MS = 20;

/** One worker of the fleet whose topic everybody drains. What its Redis tells to be applied, its audit has already. */
export async function launchLastknown({ fleet, servers, reader }) {
  const addresses = servers.stack.addresses.redisNodes;
  const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, pauseMs: LOOK_EVERY_MS });
  progress.start();
  await fleet.launchWorkers(1);
  const [[role, [pid]]] = fleet.roles;
  let stopped;
  const stop = async () => {
    await progress.stop();
    await fleet.stopWorkers();
  };
  return {
    role,
    pid,
    done: async () => appliedOf(progress),
    auditCounts: async () =>
      new Map([[0, (await audited(reader, fleetNames(fleet.name).auditTopic)).entries]]),
    lacking: (newest) => lacking({ fleet: fleet.name, addresses, newest }),
    requireRunning: () => fleet.requireRunning(),
    stop: () => (stopped ??= stop()),
  };
}
