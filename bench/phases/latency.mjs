// Steady rates: how long each record takes until it can be seen, from the moment for which it was planned and from its
// append. The figures are of a fleet that runs; what its first seconds were like, with processes that have just started,
// is told beside them.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writePacedEvents } from "../drain-events.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";
import { percentileCurve, spreadOf } from "../report/spread.mjs";
import { AnswerWatch } from "../visibility/answer-watch.mjs";
import { ProgressWatch } from "../visibility/progress-watch.mjs";
import { readRecords } from "../visibility/read-records.mjs";
import { seenRecords } from "../visibility/seen-records.mjs";
import { ViewWatch } from "../visibility/view-watch.mjs";
import { plannedMoments } from "./planned-moments.mjs";
import { runReplay } from "./run-replay.mjs";
import { untilVisible } from "./until-visible.mjs";

const USERS = 50_000;
const REDIS_LOOK_EVERY_MS = 2;
/** One of each partition's buckets, so about one record in sixteen: to look costs Redis as much as to serve. */
const BUCKETS_WATCHED = 16;
const VIEW_LOOK_EVERY_MS = 500;
const REPLAY_GRACE_MS = 300_000;

/** @returns one run's figures: those of each rate */
export async function runLatency({ onFleet, rates }) {
  const figures = [];
  for (const rate of rates) {
    const run = (context) => latencyAt(context, rate);
    figures.push(await onFleet(rate, { run, isStarted: true }));
  }
  return { rates: figures };
}

async function latencyAt(context, rate) {
  const { fleet, servers, seconds, settle } = context;
  const file = join(servers.stack.directory, `${fleet.name}.csv`);
  const paces = [{ events: rate * (settle + seconds), everyMicros: 1e6 / rate }];
  await writePacedEvents(file, { paces, users: USERS });
  const addresses = servers.stack.addresses.redisNodes;
  const watching = { pauseMs: REDIS_LOOK_EVERY_MS, buckets: BUCKETS_WATCHED };
  const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, ...watching });
  const view = new ViewWatch(fleet.queryOperationsPort, VIEW_LOOK_EVERY_MS);
  const answers = new AnswerWatch(fleet, rate);
  const meter = new CostMeter(new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]));
  progress.start();
  view.start();
  answers.start();
  const dataSet = { file, replayArguments: [] };
  const boundMs = (settle + seconds) * 1000 + REPLAY_GRACE_MS;
  const replaying = runReplay({ ...context, dataSet, meter }, ["--speed", "1"], boundMs);
  // What fresh processes take to compile their code is no cost of a row.
  let settledAtMs = Infinity;
  let foldedBefore = 0;
  const settling = setTimeout(() => {
    settledAtMs = Date.now();
    foldedBefore = view.arrivals;
    meter.start();
  }, settle * 1000);
  const replay = await replaying.finally(() => clearTimeout(settling));
  await rm(file);
  await untilVisible({ fleet, progress, view, published: replay.published });
  const plannedMs = plannedMoments(replay);
  const plannedToMs = plannedMs.startMs + (settle + seconds) * 1000;
  // Where the view falls behind it folds meanwhile what came before, too.
  const cost = meter.stop((rate * (plannedToMs - settledAtMs)) / 1000, {
    query: replay.published - foldedBefore,
  });
  const asked = await answers.stop();
  const watched = await progress.stop();
  await view.stop();
  const recordsPerBatch = await fleet.recordsPerBatch();

  const records = (await readRecords(fleet)).filter(({ bucket }) => bucket < BUCKETS_WATCHED);
  const isSettled = ({ sts }) => plannedMs(sts) >= plannedMs.startMs + settle * 1000;
  const { seenAtMs } = seenRecords(records, watched.sights);
  const seen = records.map((record, index) => ({ ...record, seenAtMs: seenAtMs[index] }));
  const delays = {
    redis: delaysOf(seen.filter(isSettled), plannedMs),
    latest: delaysOf(asked.latest.filter(isSettled), plannedMs),
    view: delaysOf(asked.view.filter(isSettled), plannedMs),
  };
  const spreads = ({ fromPlan, fromAppend }) => ({
    fromPlan: spreadOf(fromPlan),
    fromAppend: spreadOf(fromAppend),
  });
  return {
    rate,
    rows: replay.published,
    publishSeconds: replay.publishSeconds,
    drift: replay.drift,
    redis: spreads(delays.redis),
    redisAtFirst: spreads(
      delaysOf(
        seen.filter((record) => !isSettled(record)),
        plannedMs,
      ),
    ),
    latestOverHttp: spreads(delays.latest),
    viewOverHttp: spreads(delays.view),
    asked: {
      count: asked.asked,
      superseded: asked.superseded,
      skipped: asked.skipped,
      unseen: asked.unseen,
    },
    lookEveryMs: {
      redis: watched.lookEveryMs,
      redisLongest: watched.longestLookMs,
      httpShare: asked.resolutionShare,
    },
    cost,
    recordsPerBatch,
    curves: Object.fromEntries(
      Object.entries(delays).map(([name, { fromPlan }]) => [name, percentileCurve(fromPlan)]),
    ),
  };
}

function delaysOf(seen, plannedMs) {
  return {
    fromPlan: seen.map(({ sts, seenAtMs }) => seenAtMs - plannedMs(sts)),
    fromAppend: seen.map(({ appendedAtMs, seenAtMs }) => seenAtMs - appendedAtMs),
  };
}
