// One view of one size, in a process of its own: fills it as the query service does, asks it, and prints the figures as
// JSON. What is asked is the view itself, without HTTP, whose share does not depend on the size.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newFleetRecord, silentLogger } from "@lastknown/shared";
import { Random } from "@lastknown/producer";
import { built } from "../check/built.mjs";
import { spreadOf } from "../report/spread.mjs";
import { BEGIN, STEP } from "./arrival-times.mjs";
import { tookMs } from "./took-ms.mjs";
import { userAt, ViewFiller } from "./view-filler.mjs";

const PARTITIONS = 1;
const MAX_FUTURE_SKEW = 5 * 60 * 1e6;
/** Of these the cost of one more arrival is told. */
const LAST_ARRIVALS = 10_000;
const PAGE = 20;

const text = { type: "string" };
const { values } = parseArgs({
  options: { store: text, users: text, arrivals: text, lateness: text, folder: text },
});
const [users, arrivals] = [Number(values.users), Number(values.arrivals)];
const fleet = newFleetRecord(PARTITIONS, MAX_FUTURE_SKEW);
const store = values.store === "memory" ? await inMemory() : await onDisk();
const turns = Math.ceil(arrivals / users);
const filler = await ViewFiller.open({ store, fleet, users, turns, lateness: values.lateness });
const last = Math.min(LAST_ARRIVALS, Math.floor(arrivals / 2));
const microsPerArrival = filler.add(arrivals - last);
const microsOfOneMore = filler.add(last);
const figures = { microsPerArrival, microsOfOneMore, answers: await answers() };
await store.close();
const residentMb = process.memoryUsage().rss / 2 ** 20;
process.stdout.write(`${JSON.stringify({ ...figures, residentMb, diskBytes: await diskBytes() })}\n`);

async function inMemory() {
  const { MemoryViewStore } = await built("query", "view/memory/memory-view-store.js");
  return new MemoryViewStore();
}

async function onDisk() {
  const { openLmdbView } = await built("query", "view/lmdb/open-lmdb-view.js");
  return await openLmdbView({ dataDirectory: values.folder, fleet, logger: silentLogger });
}

/** Kind of question → how long answers took, in ms. */
async function answers() {
  const { ViewAnswers } = await built("query", "answers/view-answers.js");
  const view = new ViewAnswers({ store, fleet, eventsTopic: "events" });
  const random = new Random(arrivals);
  const moment = () => BEGIN + random.below(turns) * STEP;
  const someone = () => userAt(random.below(users));
  const kinds = {
    latest: () => view.state(someone(), {}),
    at: () => view.state(someone(), { at: moment() }),
    knownAt: () => view.state(someone(), { knownAt: moment() }),
    both: () => view.state(someone(), { at: moment(), knownAt: moment() }),
    history: () => view.history({ user: someone(), limit: PAGE }),
    explain: () =>
      view.explain({ user: someone(), moment: { at: moment(), knownAt: moment() }, limit: PAGE }),
  };
  const spreads = {};
  for (const [kind, ask] of Object.entries(kinds)) spreads[kind] = spreadOf(await tookMs(ask));
  return spreads;
}

async function diskBytes() {
  if (values.store === "memory") return 0;
  const files = await readdir(values.folder, { recursive: true });
  const sizes = await Promise.all(
    files
      .filter((file) => file.endsWith(".mdb"))
      .map(async (file) => (await stat(join(values.folder, file))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
