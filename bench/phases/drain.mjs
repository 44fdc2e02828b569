// A topic that is full already: from the first record that a worker applies until audit and Redis have all of it.

import { setTimeout as sleep } from "node:timers/promises";
import { CostMeter } from "../machine/cost-meter.mjs";
import { audited } from "../visibility/audited.mjs";
import { lacking } from "../visibility/newest-in-redis.mjs";
import { ProgressWatch } from "../visibility/progress-watch.mjs";
import { withReader } from "../visibility/read-records.mjs";
import { fillTopic } from "./fill.mjs";
import { appliedOf, wantedIn } from "./until-visible.mjs";

const LOOK_EVERY_MS = 20;
const FILL_BOUND_MS = 300_000;
/** From the start of the workers, joining included. */
const DRAIN_BOUND_MS = 300_000;

/**
 * @param {{ users: number, workers: number }} size
 * @returns one run's figures
 */
export async function runDrain(context, size) {
  return (await drainInto(context, size)).figures;
}

/** The same, for who goes on with the fleet: with the newest moment of each user. */
export async function drainInto(context, { users, workers }) {
  const { fleet, servers, events } = context;
  const newest = await fillTopic(context, { events, users }, FILL_BOUND_MS);
  const addresses = servers.stack.addresses.redisNodes;

  const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, pauseMs: LOOK_EVERY_MS });
  const wanted = await wantedIn(fleet);
  progress.start();
  await fleet.launchWorkers(workers);
  const deadlineMs = performance.now() + DRAIN_BOUND_MS;
  const until = async (count) => {
    while (appliedOf(progress, fleet.partitions) < count) {
      fleet.requireRunning();
      if (performance.now() > deadlineMs)
        throw new Error(
          `after ${DRAIN_BOUND_MS / 1000} s ${appliedOf(progress, fleet.partitions)} of ${wanted} are applied`,
        );
      await sleep(LOOK_EVERY_MS);
    }
  };
  await until(1);
  const startedMs = performance.now();
  const first = appliedOf(progress, fleet.partitions);
  const meter = new CostMeter(new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]));
  meter.start();
  await until(wanted);
  const seconds = (performance.now() - startedMs) / 1000;
  const cost = meter.stop(wanted - first);
  await progress.stop();
  const recordsPerBatch = await fleet.recordsPerBatch();
  const { entriesAgain } = await check({ fleet, addresses, newest, wanted });
  const figures = {
    rows: wanted - first,
    seconds,
    rowsPerSecond: (wanted - first) / seconds,
    users,
    workers,
    cost,
    recordsPerBatch,
    entriesAgain,
  };
  return { figures, newest };
}

/** After the measuring, for to read the whole audit is work. @throws Error that says what is missing */
async function check({ fleet, addresses, newest, wanted }) {
  const missing = await lacking({ fleet: fleet.name, addresses, newest });
  if (missing.length > 0)
    throw new Error(`Redis has not the newest of ${missing.length} users, such as ${missing[0]}`);
  const { entries, arrivals } = await withReader(fleet, (reader, { auditTopic }) =>
    audited(reader, auditTopic),
  );
  if (arrivals !== wanted) throw new Error(`the audit has ${arrivals} events, where the topic has ${wanted}`);
  return { entriesAgain: entries - arrivals };
}
