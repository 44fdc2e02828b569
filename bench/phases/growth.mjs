// What an event and an answer cost as users, their arrivals, partitions and the view grow; and how fast what was lost is
// made anew from the audit.

import { slowStep } from "../../scripts/say.mjs";
import { askAboutMany } from "../growth/ask-about-many.mjs";
import { askAboutOneUser } from "../growth/one-user.mjs";
import { rebuildRedis, rebuildView } from "../growth/rebuilds.mjs";
import { sizesOf } from "../growth/sizes.mjs";
import { viewAt } from "../growth/view-at.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";
import { drainInto } from "./drain.mjs";

const USERS = 50_000;
const WORKERS = 1;

/** @returns one run's figures */
export async function runGrowth(context) {
  const { views: viewSizes, drainUsers, drainPartitions, oneUserArrivals } = sizesOf(context.full);
  const views = [];
  for (const size of viewSizes) {
    const title = `a view (${size.store}) of ${size.arrivals} arrivals of ${size.users} users, late: ${size.lateness}`;
    views.push(await slowStep(title, () => meteredView(size, context)));
  }
  const oneUser = [];
  for (const lateness of ["any", "backlog"]) {
    const run = (own) => askAboutOneUser(own, { arrivals: oneUserArrivals, lateness });
    oneUser.push(await context.onFleet(`one-user-${lateness}`, { run, isStarted: true }));
  }
  const { byUsers, byPartitions } = await drains(context, { drainUsers, drainPartitions });
  const rebuilds = await context.onFleet("rebuilds", { run: (own) => rebuild({ ...context, ...own }) });
  return { views, oneUser, byUsers, byPartitions, rebuilds };
}

/** The view's own process has ended when it is counted, and is told by itself. */
async function meteredView(size, { servers, lifetime }) {
  const meter = new CostMeter(new Map([...servers.roles, ["bench", [process.pid]]]));
  meter.start();
  const view = await viewAt(size, { directory: servers.stack.directory, signal: lifetime.signal });
  return { ...view, cost: meter.stop(size.arrivals) };
}

async function drains({ onFleet, events }, { drainUsers, drainPartitions }) {
  const byUsers = [];
  for (const users of drainUsers) {
    const run = (own) => drainAndAsk({ ...own, events: Math.max(events, users) }, users);
    byUsers.push(await onFleet(`users-${users}`, { run }));
  }
  const byPartitions = [];
  for (const partitions of drainPartitions) {
    const run = (own) => drainAndAsk(own, USERS);
    const drain = await onFleet(`partitions-${partitions}`, { run, fleetOptions: { partitions } });
    byPartitions.push({ partitions, ...drain });
  }
  return { byUsers, byPartitions };
}

async function drainAndAsk(context, users) {
  const { fleet, events } = context;
  const { figures, newest } = await drainInto(context, { users, workers: WORKERS });
  return { ...figures, answers: await askAboutMany(fleet, { events, users: [...newest.keys()] }) };
}

async function rebuild(context) {
  const { fleet, servers } = context;
  const { newest } = await drainInto(context, { users: USERS, workers: WORKERS });
  await fleet.stopWorkers();
  return {
    onDisk: await rebuildView({ fleet, servers, newest }, "onDisk"),
    onDiskAsked: await rebuildView({ fleet, servers, newest }, "onDiskAsked"),
    inMemory: await rebuildView({ fleet, servers, newest }, "inMemory"),
    redis: await rebuildRedis({ fleet, servers, newest }),
  };
}
