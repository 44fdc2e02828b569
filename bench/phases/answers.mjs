// Questions over HTTP while the fleet works: how many are answered, and how long each waits.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { askEvenly } from "../asking/ask-evenly.mjs";
import { askOn } from "../asking/ask-on.mjs";
import { DRAIN_STEP_MICROS, drainUser, writeDrainEvents, writePacedEvents } from "../drain-events.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";
import { HttpConnection } from "../visibility/http-connection.mjs";
import { metricsOf } from "../processes/metrics-of.mjs";
import { ARRIVALS_ADDED } from "../visibility/view-watch.mjs";
import { fillUntilVisible } from "./fill.mjs";
import { runReplay } from "./run-replay.mjs";
import { untilSo } from "./until-so.mjs";

const CONNECTIONS = 50;
const USERS = 5000;
const EVENTS = 200_000;
const FILL_BOUND_MS = 300_000;
const REPLAY_GRACE_MS = 300_000;
/** Of what the filling reached, while questions are asked. */
const LOAD_SHARE = 0.5;
/** Beyond the time for which is asked: rows come until the last question. */
const LOAD_SECONDS_MORE = 5;
const LOOK_EVERY_MS = 100;
const LOAD_BOUND_MS = 120_000;
const VIEW_LAG = "lastknown_view_lag_seconds";
/** A moment in the middle of what happened, of which most users have an answer. */
const MIDDLE = "2024-01-01T00:12:00Z";

const QUESTIONS = {
  latest: (user) => `/v1/users/${user}`,
  asOf: (user) => `/v1/users/${user}?at=${MIDDLE}`,
  history: (user) => `/v1/users/${user}/history?limit=20`,
};

/**
 * @returns one run's figures: the questions of each kind, one kind after the other, for `seconds` each, while rows come
 *   at `rate` a second, or at half of the rate at which the rows of before became visible
 */
export async function runAnswers(context) {
  const { fleet, servers, seconds } = context;
  const file = join(servers.stack.directory, `${fleet.name}.csv`);
  await writeDrainEvents(file, { events: EVENTS, users: USERS });
  const dataSet = { file, replayArguments: [] };
  const filledPerSecond = await fillUntilVisible({ ...context, dataSet }, FILL_BOUND_MS);
  const rate = context.rate ?? Math.round(filledPerSecond * LOAD_SHARE);

  const kinds = Object.entries(QUESTIONS);
  const loadSeconds = seconds * kinds.length + LOAD_SECONDS_MORE;
  await writeLoad(file, { rate, loadSeconds });
  const meter = new CostMeter(new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]));
  const replaying = runReplay(
    { ...context, dataSet, meter },
    ["--speed", "1"],
    loadSeconds * 1000 + REPLAY_GRACE_MS,
  );
  const folded = async () => (await metricsOf(fleet.queryOperationsPort)).get(ARRIVALS_ADDED);
  const isLoaded = async () => (await folded()) > EVENTS;
  const waiting = {
    fleet,
    what: "the view has rows of the load",
    boundMs: LOAD_BOUND_MS,
    everyMs: LOOK_EVERY_MS,
  };
  const tooSoon = replaying.then(() => Promise.reject(new Error("the rows ended before the questions")));
  // Once the questions are asked it may end.
  tooSoon.catch(() => undefined);
  await Promise.race([untilSo(isLoaded, waiting), tooSoon]);
  const [startedMs, foldedBefore] = [performance.now(), await folded()];
  meter.start();
  const answers = {};
  for (const [kind, pathOf] of kinds) {
    const asked = await Promise.race([askForSeconds(context, pathOf), tooSoon]);
    answers[kind] = { ...asked, viewLagSeconds: (await metricsOf(fleet.queryOperationsPort)).get(VIEW_LAG) };
  }
  const elapsed = (performance.now() - startedMs) / 1000;
  const foldedPerSecond = ((await folded()) - foldedBefore) / elapsed;
  const cost = meter.stop(elapsed);
  const { published, publishSeconds } = await replaying;
  await rm(file);
  const load = { rate, filledPerSecond, sentPerSecond: published / publishSeconds, foldedPerSecond };
  return { load, answers, cost, per: "second", recordsPerBatch: await fleet.recordsPerBatch() };
}

/** Rows that come after all those of before, so that they change states as theirs did. */
async function writeLoad(file, { rate, loadSeconds }) {
  const paces = [{ events: rate * loadSeconds, everyMicros: 1e6 / rate }];
  await writePacedEvents(file, { paces, users: USERS, afterMicros: EVENTS * DRAIN_STEP_MICROS });
}

/** @returns what became of one kind of question */
async function askForSeconds({ fleet, seconds, ask }, pathOf) {
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => HttpConnection.open(fleet.queryPort)),
  );
  const pathAt = (index) => pathOf(drainUser((index * 7919) % USERS));
  try {
    if (ask === undefined) return await askOn(connections, pathAt, seconds);
    return await askEvenly(connections, pathAt, { seconds, perSecond: ask });
  } finally {
    for (const connection of connections) connection.close();
  }
}
