// Questions over HTTP while the fleet works: how many are answered, and how long each waits.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { drainUser, writeDrainEvents } from "../drain-events.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";
import { spreadOf } from "../report/spread.mjs";
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
  for (const [kind, pathOf] of kinds) answers[kind] = await askForSeconds(fleet.queryPort, pathOf, seconds);
  await loading;
  await rm(file);
  const asked = Object.values(answers).reduce((sum, { waits }) => sum + waits.count, 0);
  return { rate, answers, cost: meter.stop(asked), recordsPerBatch: await fleet.recordsPerBatch() };
}

/** Each connection asks its next question when it has the answer to the one before. */
async function askForSeconds(port, pathOf, seconds) {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(port)));
  const waits = [];
  const failed = new Map();
  const untilMs = performance.now() + seconds * 1000;
  const askOn = async (connection, first) => {
    for (let count = first; performance.now() < untilMs; count += CONNECTIONS) {
      const askedMs = performance.now();
      const status = await connection.ask(pathOf(drainUser((count * 7919) % USERS)));
      waits.push(performance.now() - askedMs);
      if (status !== 200 && status !== 404) failed.set(status, (failed.get(status) ?? 0) + 1);
    }
  };
  try {
    await Promise.all(connections.map(askOn));
  } finally {
    for (const connection of connections) connection.close();
  }
  return { perSecond: waits.length / seconds, waits: spreadOf(waits), failed: Object.fromEntries(failed) };
}
