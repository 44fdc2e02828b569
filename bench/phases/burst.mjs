// More than the fleet can take at once: what is seen in time, how long it takes until all is done, and that nothing
// is lost meanwhile.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writePacedEvents } from "../drain-events.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";
import { percentileCurve, spreadOf } from "../report/spread.mjs";
import { lacking } from "../visibility/newest-in-redis.mjs";
import { ProgressWatch } from "../visibility/progress-watch.mjs";
import { forEachRecord } from "../visibility/read-records.mjs";
import { sharesSeenByCount } from "../visibility/seen-by-count.mjs";
import { SightsInTurn } from "../visibility/seen-records.mjs";
import { ViewWatch } from "../visibility/view-watch.mjs";
import { plannedMoments } from "./planned-moments.mjs";
import { runReplay } from "./run-replay.mjs";
import { untilVisible, wantedIn } from "./until-visible.mjs";

const USERS = 50_000;
const LOOK_EVERY_MS = 50;
const VIEW_LOOK_EVERY_MS = 500;
/** Beyond the time that it is planned for: reading the file first, and being late. */
const REPLAY_GRACE_MS = 900_000;
/** Seconds within which a record is to be seen. */
const WITHIN_SECONDS = [2, 30];

/** @returns one run's figures */
export async function runBurst(context) {
  const { fleet, servers, burst } = context;
  const file = join(servers.stack.directory, `${fleet.name}.csv`);
  const paces = burst.map(({ rate, seconds }) => ({ events: rate * seconds, everyMicros: 1e6 / rate }));
  const newest = await writePacedEvents(file, { paces, users: USERS });
  const addresses = servers.stack.addresses.redisNodes;
  const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, pauseMs: LOOK_EVERY_MS });
  const view = new ViewWatch(fleet.queryOperationsPort, VIEW_LOOK_EVERY_MS);
  const meter = new CostMeter(new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]));
  meter.start();
  progress.start();
  view.start();
  const plannedSeconds = burst.reduce((sum, { seconds }) => sum + seconds, 0);
  const boundMs = plannedSeconds * 1000 + REPLAY_GRACE_MS;
  const dataSet = { file, replayArguments: [] };
  const replay = await runReplay({ ...context, dataSet, meter }, ["--speed", "1"], boundMs);
  await rm(file);
  await untilVisible({ fleet, progress, view, published: replay.published });
  const cost = meter.stop(replay.published);
  const { sights, lookEveryMs } = await progress.stop();
  const viewSights = await view.stop();

  const steps = await stepsSeen(fleet, { paces, sights, replay });
  const lastAppendMs = Math.max(...steps.map((step) => step.lastAppendMs));
  const allSeenMs = Math.max(...steps.map((step) => step.lastSeenMs));
  const { startMs } = plannedMoments(replay);
  const seenInView = WITHIN_SECONDS.map((withinSeconds) =>
    sharesSeenByCount({ sights: viewSights, paces, startMs, withinSeconds }),
  );
  const inViewWithin = (index) =>
    Object.fromEntries(WITHIN_SECONDS.map((seconds, at) => [seconds, seenInView[at][index]]));
  const sent = paces.reduce((sum, { events }) => sum + events, 0);
  return {
    sent,
    stored: await wantedIn(fleet),
    inView: viewSights.at(-1)?.arrivals ?? 0,
    usersLacking: (await lacking({ fleet: fleet.name, addresses, newest })).length,
    steps: steps.map((step, index) => ({ ...burst[index], ...step, inViewWithin: inViewWithin(index) })),
    drainSeconds: {
      redis: (allSeenMs - lastAppendMs) / 1000,
      view: Math.max(0, (viewSights.at(-1).seenAtMs - lastAppendMs) / 1000),
    },
    drift: replay.drift,
    lookEveryMs,
    viewLookEveryMs: VIEW_LOOK_EVERY_MS,
    cost,
    recordsPerBatch: await fleet.recordsPerBatch(),
  };
}

/** Of each pace's records: how many a second came, and how long they took from their plan until they were seen. */
async function stepsSeen(fleet, { paces, sights, replay }) {
  const plannedMs = plannedMoments(replay);
  const ends = paces.map(endOfPace);
  const steps = paces.map(({ events }) => ({ delaysMs: new Float64Array(events), count: 0 }));
  const seen = new SightsInTurn(sights);
  await forEachRecord(fleet, (record) => {
    const planned = plannedMs(record.sts);
    const at = ends.findIndex((endMs) => planned - plannedMs.startMs < endMs);
    const step = steps[at === -1 ? steps.length - 1 : at];
    const seenAtMs = seen.seenAtMs(record);
    step.delaysMs[step.count++] = seenAtMs - planned;
    step.firstAppendMs = Math.min(step.firstAppendMs ?? Infinity, record.appendedAtMs);
    step.lastAppendMs = Math.max(step.lastAppendMs ?? 0, record.appendedAtMs);
    step.lastSeenMs = Math.max(step.lastSeenMs ?? 0, seenAtMs);
  });
  return steps.map(({ delaysMs, count, ...times }) => {
    const delays = delaysMs.subarray(0, count);
    const share = (seconds) => delays.reduce((sum, ms) => sum + Number(ms <= seconds * 1000), 0) / count;
    return {
      ...times,
      count,
      reachedRate: count / ((times.lastAppendMs - times.firstAppendMs) / 1000),
      delayMs: spreadOf(delays),
      curve: percentileCurve(delays),
      seenWithin: Object.fromEntries(WITHIN_SECONDS.map((seconds) => [seconds, share(seconds)])),
    };
  });
}

/** ms after the begin of all. */
function endOfPace(_pace, index, paces) {
  return (
    paces.slice(0, index + 1).reduce((sum, { events, everyMicros }) => sum + events * everyMicros, 0) / 1000
  );
}
