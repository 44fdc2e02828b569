// A user of very many arrivals, as the fleet answers about them: all in at full speed, then asked over HTTP.

import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { printTime } from "@lastknown/shared";
import { Random } from "@lastknown/producer";
import { fillUntilVisible } from "../phases/fill.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";
import { BEGIN, STEP, TIMES } from "./arrival-times.mjs";
import { askOverHttp } from "./ask-over-http.mjs";

const USER = "unit-1";
const LINES_PER_WRITE = 5000;
const FILL_BOUND_MS = 900_000;

/** @param {{ arrivals: number, lateness: keyof TIMES }} size @returns ms that answers took, by kind; and the cost for each arrival */
export async function askAboutOneUser(context, { arrivals, lateness }) {
  const { fleet, servers } = context;
  const file = join(servers.stack.directory, `${fleet.name}.csv`);
  await writeArrivals(file, { arrivals, lateness });
  const dataSet = { file, replayArguments: [] };
  const meter = new CostMeter(new Map([...fleet.roles, ...servers.roles, ["bench", [process.pid]]]));
  meter.start();
  await fillUntilVisible({ ...context, dataSet, meter }, FILL_BOUND_MS);
  await rm(file);
  const answers = await ask(fleet.queryPort, arrivals);
  return { arrivals, lateness, answers, cost: meter.stop(arrivals) };
}

async function ask(port, arrivals) {
  const random = new Random(arrivals);
  const moment = () => printTime(BEGIN + random.below(arrivals) * STEP);
  return await askOverHttp(port, { user: () => USER, moment });
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
