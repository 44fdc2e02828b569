// Questions over HTTP while the fleet works: how many are answered, and how long each waits.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { askEvenly } from "../asking/ask-evenly.mjs";
import { askOn } from "../asking/ask-on.mjs";
import { drainUser, writeDrainEvents } from "../drain-events.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";
import { HttpConnection } from "../visibility/http-connection.mjs";
import { fillUntilVisible } from "./fill.mjs";
import { runReplay } from "./run-replay.mjs";

const CONNECTIONS = 50;
const USERS = 5000;
const EVENTS = 200_000;
const FILL_BOUND_MS = 300_000;
const REPLAY_GRACE_MS = 120_000;
/** A moment in the middle of what happened, of which most users have an answer. */
const MIDDLE = "2024-01-01T00:12:00Z";

const QUESTIONS = {
  latest: (user) => `/v1/users/${user}`,
  asOf: (user) => `/v1/users/${user}?at=${MIDDLE}`,
  history: (user) => `/v1/users/${user}/history?limit=20`,
};

/** @returns one run's figures: the questions of each kind, one kind after the other, for `seconds` each */
export async function runAnswers(context) {
  const { fleet, servers, rate, seconds } = context;
  const file = join(servers.stack.directory, `${fleet.name}.csv`);
  await writeDrainEvents(file, { events: EVENTS, users: USERS });
  const dataSet = { file, replayArguments: [] };
  await fillUntilVisible({ ...context, dataSet }, FILL_BOUND_MS);

  const meter = new CostMeter(new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]));
  meter.start();
  const kinds = Object.entries(QUESTIONS);
  const load = ["--rate", String(rate), "--limit", String(rate * seconds * kinds.length)];
  const boundMs = seconds * kinds.length * 1000 + REPLAY_GRACE_MS;
  const loading = runReplay({ ...context, dataSet, meter }, load, boundMs);
  const answers = {};
  for (const [kind, pathOf] of kinds) answers[kind] = await askForSeconds(context, pathOf);
  await loading;
  await rm(file);
  const answered = Object.values(answers).reduce((sum, { perSecond }) => sum + perSecond * seconds, 0);
  const cost = meter.stop(answered);
  return { rate, answers, cost, per: "answer", recordsPerBatch: await fleet.recordsPerBatch() };
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
