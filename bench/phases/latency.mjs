// A steady trickle: how long each record takes from its append until it can be seen.

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
  const { fleet, servers, rate, seconds } = context;
  const addresses = servers.stack.addresses.redisNodes;
  const watching = { pauseMs: REDIS_LOOK_EVERY_MS, buckets: BUCKETS_WATCHED };
  const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, ...watching });
  const view = new ViewWatch(fleet.queryOperationsPort, VIEW_LOOK_EVERY_MS);
  const answers = new AnswerWatch(fleet);
  const meter = new CostMeter(new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]));
  meter.start();
  progress.start();
  view.start();
  answers.start();
  const pace = ["--rate", String(rate), "--limit", String(rate * seconds)];
  const replay = await runReplay({ ...context, meter }, pace, seconds * 1000 + REPLAY_GRACE_MS);
  await untilVisible({ fleet, progress, view, published: replay.published });
  const cost = meter.stop(replay.published);
  const asked = await answers.stop();
  const watched = await progress.stop();
  await view.stop();
  const recordsPerBatch = await fleet.recordsPerBatch();

  const records = (await readRecords(fleet)).filter(({ bucket }) => bucket < BUCKETS_WATCHED);
  const { delaysMs } = seenRecords(records, watched.sights);
  return {
    rows: replay.published,
    publishSeconds: replay.publishSeconds,
    drift: replay.drift,
    redis: spreadOf(delaysMs),
    latestOverHttp: spreadOf(asked.latestMs),
    viewOverHttp: spreadOf(asked.viewMs),
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
      latest: percentileCurve(asked.latestMs),
      view: percentileCurve(asked.viewMs),
    },
  };
}
