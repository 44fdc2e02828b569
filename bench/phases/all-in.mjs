// The whole file at full speed: from the first publish until Redis and the view have all of it.

import { CostMeter } from "../machine/cost-meter.mjs";
import { ProgressWatch } from "../visibility/progress-watch.mjs";
import { readRecords } from "../visibility/read-records.mjs";
import { seenRecords } from "../visibility/seen-records.mjs";
import { ViewWatch } from "../visibility/view-watch.mjs";
import { runReplay } from "./run-replay.mjs";
import { untilVisible } from "./until-visible.mjs";

const REDIS_LOOK_EVERY_MS = 100;
/** While the replay sends the view is looked at seldom; only when it has last rows to come, closely. */
const VIEW_LOOK_EVERY_MS = 500;
const VIEW_LAST_LOOKS_EVERY_MS = 50;
const REPLAY_BOUND_MS = 300_000;
const CURVE_POINTS = 100;

/** @returns one run's figures */
export async function runAllIn(context) {
  const { fleet, servers } = context;
  const addresses = servers.stack.addresses.redisNodes;
  const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, pauseMs: REDIS_LOOK_EVERY_MS });
  const view = new ViewWatch(fleet.queryOperationsPort, VIEW_LOOK_EVERY_MS);
  const meter = new CostMeter(new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]));
  meter.start();
  progress.start();
  view.start();
  const pace = ["--speed", "max", ...(context.limit === undefined ? [] : ["--limit", String(context.limit)])];
  const replay = await runReplay({ ...context, meter }, pace, REPLAY_BOUND_MS);
  view.quicken(VIEW_LAST_LOOKS_EVERY_MS);
  await untilVisible({ fleet, progress, view, published: replay.published });
  const cost = meter.stop(replay.published);
  const watched = await progress.stop();
  const viewSights = await view.stop();
  const recordsPerBatch = await fleet.recordsPerBatch();

  const records = await readRecords(fleet);
  const { seenAtMs } = seenRecords(records, watched.sights);
  const firstMs = records.reduce((first, { appendedAtMs }) => Math.min(first, appendedAtMs), Infinity);
  const redisSeconds = (lastOf(seenAtMs) - firstMs) / 1000;
  const complete = viewSights.find(({ arrivals }) => arrivals >= records.length);
  const viewSeconds = (complete.seenAtMs - firstMs) / 1000;
  return {
    rows: records.length,
    publishSeconds: replay.publishSeconds,
    readSeconds: replay.readSeconds,
    redisSeconds,
    viewSeconds,
    rowsPerSecond: {
      replay: replay.rowsPerSecond,
      redis: records.length / redisSeconds,
      view: records.length / viewSeconds,
    },
    cost,
    recordsPerBatch,
    lookEveryMs: { redis: watched.lookEveryMs, view: VIEW_LAST_LOOKS_EVERY_MS },
    curves: { redis: curveOf(seenAtMs, firstMs), view: viewCurve(viewSights, firstMs) },
  };
}

function lastOf(times) {
  return times.reduce((last, time) => Math.max(last, time), 0);
}

/** Seconds since the first publish → records visible by then. */
function curveOf(seenAtMs, firstMs) {
  const sorted = Float64Array.from(seenAtMs).sort();
  return Array.from({ length: CURVE_POINTS }, (_, index) => {
    const count = Math.ceil((sorted.length * (index + 1)) / CURVE_POINTS);
    return [(sorted[count - 1] - firstMs) / 1000, count];
  });
}

function viewCurve(sights, firstMs) {
  const step = Math.max(1, Math.ceil(sights.length / CURVE_POINTS));
  return sights
    .filter((_, index) => index % step === 0 || index === sights.length - 1)
    .map(({ seenAtMs, arrivals }) => [(seenAtMs - firstMs) / 1000, arrivals]);
}
