// A user of very many arrivals, as the fleet answers about them: all in at full speed, then asked over HTTP.

import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { printTime } from "@lastknown/shared";
import { Random } from "@lastknown/producer";
import { runReplay } from "../phases/run-replay.mjs";
import { untilVisible } from "../phases/until-visible.mjs";
import { spreadOf } from "../report/spread.mjs";
import { HttpConnection } from "../visibility/http-connection.mjs";
import { ProgressWatch } from "../visibility/progress-watch.mjs";
import { ViewWatch } from "../visibility/view-watch.mjs";
import { BEGIN, STEP, TIMES } from "./arrival-times.mjs";

const USER = "unit-1";
const LINES_PER_WRITE = 5000;
const FILL_BOUND_MS = 900_000;
const LOOK_EVERY_MS = 200;
const QUESTIONS = 300;
const ASKING_BOUND_MS = 15_000;

/** @param {{ arrivals: number, lateness: keyof TIMES }} size @returns ms that answers took, by kind */
export async function askAboutOneUser(context, { arrivals, lateness }) {
  const { fleet, servers } = context;
  const file = join(servers.stack.directory, `${fleet.name}.csv`);
  await writeArrivals(file, { arrivals, lateness });
  const addresses = servers.stack.addresses.redisNodes;
  const progress = await ProgressWatch.open({ fleet: fleet.name, addresses, pauseMs: LOOK_EVERY_MS });
  const view = new ViewWatch(fleet.queryOperationsPort, LOOK_EVERY_MS);
  progress.start();
  view.start();
  const dataSet = { file, replayArguments: [] };
  const { published } = await runReplay({ ...context, dataSet }, ["--speed", "max"], FILL_BOUND_MS);
  await rm(file);
  await untilVisible({ fleet, progress, view, published });
  await Promise.all([progress.stop(), view.stop()]);
  return { arrivals, lateness, answers: await ask(fleet.queryPort, arrivals) };
}

async function ask(port, arrivals) {
  const random = new Random(arrivals);
  const moment = () => printTime(BEGIN + random.below(arrivals) * STEP);
  const path = `/v1/users/${USER}`;
  const kinds = {
    latest: () => path,
    at: () => `${path}?at=${moment()}`,
    both: () => `${path}?at=${moment()}&knownAt=${moment()}`,
    history: () => `${path}/history?limit=20`,
  };
  const connection = await HttpConnection.open(port);
  const answers = {};
  try {
    for (const [kind, pathOf] of Object.entries(kinds)) {
      const all = [];
      const untilMs = performance.now() + ASKING_BOUND_MS;
      while (all.length < QUESTIONS && performance.now() < untilMs) {
        const askedMs = performance.now();
        const status = await connection.ask(pathOf());
        if (status !== 200 && status !== 404) throw new Error(`${kind} was answered with ${status}`);
        all.push(performance.now() - askedMs);
      }
      answers[kind] = spreadOf(all);
    }
  } finally {
    connection.close();
  }
  return answers;
}

async function writeArrivals(file, { arrivals, lateness }) {
  const random = new Random(arrivals);
  const out = createWriteStream(file);
  out.write("user_id,time_stamp,sts,speed,note\n");
  for (let turn = 0; turn < arrivals;) {
    const lines = [];
    for (; lines.length < LINES_PER_WRITE && turn < arrivals; turn++) {
      const { happened, received } = TIMES[lateness](random, turn, arrivals);
      lines.push(
        `${USER},${printTime(BEGIN + happened)},${printTime(BEGIN + received)},${turn % 120},on its way\n`,
      );
    }
    if (!out.write(lines.join(""))) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}
