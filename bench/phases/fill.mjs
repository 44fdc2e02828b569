import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDrainEvents } from "../drain-events.mjs";
import { ProgressWatch } from "../visibility/progress-watch.mjs";
import { ViewWatch } from "../visibility/view-watch.mjs";
import { runReplay } from "./run-replay.mjs";
import { untilVisible } from "./until-visible.mjs";

const AT_FULL_SPEED = ["--speed", "max"];
const LOOK_EVERY_MS = 100;

/**
 * Makes the fleet's topics and fills that of the events, of which nothing is consumed yet.
 * @param {{ events: number, users: number }} size
 * @returns {Promise<Map<string, number>>} user → when its newest event happened, ms since 1970
 */
export async function fillTopic(context, size, boundMs) {
  const { fleet, servers } = context;
  const file = join(servers.stack.directory, `${fleet.name}.csv`);
  const newest = await writeDrainEvents(file, size);
  await fleet.createTopics();
  await runReplay({ ...context, dataSet: { file, replayArguments: [] } }, AT_FULL_SPEED, boundMs);
  await rm(file);
  return newest;
}

/**
 * Replays the data set through a fleet that runs; resolves when Redis and the view have all of it.
 * @returns {Promise<number>} rows a second, from the first that the view was seen to have to the last
 */
export async function fillUntilVisible(context, boundMs) {
  const { fleet, servers } = context;
  const addresses = servers.stack.addresses.redisNodes;
  const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, pauseMs: LOOK_EVERY_MS });
  const view = new ViewWatch(fleet.queryOperationsPort, LOOK_EVERY_MS);
  progress.start();
  view.start();
  const { published } = await runReplay(context, AT_FULL_SPEED, boundMs);
  await untilVisible({ fleet, progress, view, published });
  await progress.stop();
  const sights = await view.stop();
  const [first, last] = [sights[0], sights.at(-1)];
  return (last.arrivals - first.arrivals) / ((last.seenAtMs - first.seenAtMs) / 1000);
}
