// A steady trickle: how long each record takes from its append until it can be seen. The figures are of a fleet that
// runs; what its first seconds were like, with processes that have just started, is told beside them.

import { CostMeter } from "../machine/cost-meter.mjs";
import { percentileCurve, spreadOf } from "../report/spread.mjs";
import { AnswerWatch } from "../visibility/answer-watch.mjs";
import { ProgressWatch } from "../visibility/progress-watch.mjs";
import { readRecords } from "../visibility/read-records.mjs";
import { seenRecords } from "../visibility/seen-records.mjs";
import { ViewWatch } from "../visibility/view-watch.mjs";
import { runReplay } from "./run-replay.mjs";
import { untilVisible } from "./until-visible.mjs";

const REDIS_LOOK_EVERY_MS = 2;
/** Two of each partition's buckets, so about one record in eight. */
const BUCKETS_WATCHED = 32;
const VIEW_LOOK_EVERY_MS = 500;
const REPLAY_GRACE_MS = 120_000;

/** @returns one run's figures */
export async function runLatency(context) {
  const { fleet, servers, rate, seconds, settle } = context;
  const addresses = servers.stack.addresses.redisNodes;
  const watching = { pauseMs: REDIS_LOOK_EVERY_MS, buckets: BUCKETS_WATCHED };
  const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, ...watching });
  const view = new ViewWatch(fleet.queryOperationsPort, VIEW_LOOK_EVERY_MS);
  const answers = new AnswerWatch(fleet);
  const meter = new CostMeter(new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]));
  progress.start();
  view.start();
  answers.start();
  const pace = ["--rate", String(rate), "--limit", String(rate * (settle + seconds))];
  const replaying = runReplay({ ...context, meter }, pace, (settle + seconds) * 1000 + REPLAY_GRACE_MS);
  // What fresh processes take to compile their code is no cost of a row.
  const settling = setTimeout(() => meter.start(), settle * 1000);
  const replay = await replaying.finally(() => clearTimeout(settling));
  await untilVisible({ fleet, progress, view, published: replay.published });
  const cost = meter.stop(rate * seconds);
  const asked = await answers.stop();
  const watched = await progress.stop();
  await view.stop();
  const recordsPerBatch = await fleet.recordsPerBatch();

  const records = await readRecords(fleet);
  const firstMs = records.reduce((first, { appendedAtMs }) => Math.min(first, appendedAtMs), Infinity);
  const isSettled = ({ appendedAtMs }) => appendedAtMs >= firstMs + settle * 1000;
  const seen = records.filter(({ bucket }) => bucket < BUCKETS_WATCHED);
  const delaysOf = (some) => seenRecords(some, watched.sights).delaysMs;
  const delaysMs = delaysOf(seen.filter(isSettled));
  const settledMs = (delays) => delays.filter(isSettled).map(({ delayMs }) => delayMs);
  const latestMs = settledMs(asked.latest);
  const viewMs = settledMs(asked.view);
  return {
    rows: replay.published,
    publishSeconds: replay.publishSeconds,
    drift: replay.drift,
    redis: spreadOf(delaysMs),
    redisAtFirst: spreadOf(delaysOf(seen.filter((record) => !isSettled(record)))),
    latestOverHttp: spreadOf(latestMs),
    viewOverHttp: spreadOf(viewMs),
    asked: { count: asked.asked, superseded: asked.superseded, skipped: asked.skipped, unseen: asked.unseen },
    lookEveryMs: {
      redis: watched.lookEveryMs,
      redisLongest: watched.longestLookMs,
      httpShare: asked.resolutionShare,
    },
    cost,
    recordsPerBatch,
    curves: {
      redis: percentileCurve(delaysMs),
      latest: percentileCurve(latestMs),
      view: percentileCurve(viewMs),
    },
  };
}
