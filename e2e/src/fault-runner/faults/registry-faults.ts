import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sampleFile } from "../../faults/sample-file.js";
import { freePorts } from "../../harness/free-ports.js";
import { Service } from "../../harness/lastknown.js";
import { TestFleet } from "../../harness/test-fleet.js";
import { waitUntil } from "../../harness/wait-until.js";
import type { Fault } from "../fault.js";
import type { FaultRun } from "../fault-run.js";
import { seconds } from "./seconds.js";

const REGISTRY = "registry";
/** Its database, in its folder. */
const DATABASE = "registry";
const DOWN_BOUND_MS = 20_000;
const DOWN_MS = 10_000;
/** Workers look once in ten seconds whether the registry still has the texts that they use. */
const EMPTY_MS = 15_000;
const NAMED_BOUND_MS = 60_000;
const REQUEST_BOUND_MS = 5_000;
const UNKNOWN_SUBJECT = 40401;

export const downAtStart: Fault = {
  name: "the registry down while workers start",
  inEveryTest: false,
  strike: async (run) => {
    // Nobody has a copy of this one's schemas, as it never had a worker.
    const young = await TestFleet.create({ prefix: "faults-young" });
    run.atEnd(async () => await young.close());
    await kill(run);
    run.breaksNow();
    const known = await run.workers.start();
    if (!known.process.stderr.end(Infinity).includes("started without the registry"))
      throw known.process.failure("did not notice that the registry is down");
    const waiting = await startWaiting(run, young);
    await run.flows();
    const fromMs = performance.now();
    await run.stack.restartNode(REGISTRY);
    await waiting.ready();
    const readyMs = performance.now() - fromMs;
    await waiting.stop();
    return {
      seen: `a worker of this fleet started from the copies; one of a new fleet waited, named the registry, and was ready ${seconds(readyMs)} s after the registry was started`,
    };
  },
};

/** Resolves when the first worker of a new fleet is alive, not ready, and says that it waits for the registry. */
async function startWaiting(run: FaultRun, young: TestFleet): Promise<Service> {
  const [operationsPort = 0] = await freePorts(1);
  const child = young.start(["consume", "--operations-port", String(operationsPort)]);
  run.atEnd(async () => await child.kill("SIGKILL"));
  const worker = new Service(child, operationsPort);
  const look = async (): Promise<true | undefined> => {
    if (!child.running) throw child.failure("ended while it had to wait");
    const readiness = await worker.readiness().catch(() => "");
    return readiness.includes("[-]registry failed") || undefined;
  };
  await waitUntil(look, { what: "a worker to name the registry", boundMs: NAMED_BOUND_MS });
  const statuses = [await worker.status("/livez"), await worker.status("/readyz")];
  if (statuses.join() !== "200,503") throw new Error(`/livez and /readyz answered ${statuses.join()}`);
  return worker;
}

export const restartRegistry: Fault = {
  name: "kill -9 of the registry, back after 10 s",
  inEveryTest: false,
  strike: async (run) => {
    const before = await newestSchema(run);
    await kill(run);
    await pause(DOWN_MS);
    await run.flows();
    await run.stack.restartNode(REGISTRY);
    const after = await newestSchema(run);
    if (before === undefined || after !== before) throw new Error(`it had ${before}, and now has ${after}`);
    return { seen: "records flowed without it; it came back with all schemas, under their ids" };
  },
};

export const emptyRegistry: Fault = {
  name: "the registry restarted empty",
  inEveryTest: false,
  strike: async (run) => {
    const before = await newestSchema(run);
    const letters = await run.workers.unmeantLetters();
    const backup = join(run.fleet.folder, "registry-backup");
    await replaceDatabase(run, async (folder) => await moveDatabase(folder, backup));
    if ((await newestSchema(run)) !== undefined) throw new Error("it still has the fleet's schemas");
    await pause(EMPTY_MS);
    // One that has to ask for everything, too.
    await run.workers.start();
    await run.flows();
    const refusal = await refusedReplay(run);
    const moreLetters = (await run.workers.unmeantLetters()) - letters;
    if (moreLetters !== 0) throw new Error(`${moreLetters} events were dead-lettered`);
    await replaceDatabase(run, async (folder) => {
      for (const name of await databaseFiles(folder)) await rm(join(folder, name), { recursive: true });
      await moveDatabase(backup, folder);
    });
    if ((await newestSchema(run)) !== before) throw new Error("the schemas did not come back");
    return {
      seen: `records flowed on, also for a worker that started, and none was dead-lettered; a replay was refused (${refusal}); its backup was put back then`,
    };
  },
};

async function kill(run: FaultRun): Promise<void> {
  const node = run.stack.node(REGISTRY);
  if (!node.signal("SIGKILL")) throw new Error("the registry did not run");
  const look = (): true | undefined => !node.isRunning() || undefined;
  await waitUntil(look, { what: "the registry to be down", boundMs: DOWN_BOUND_MS });
}

/** @param replace is given the folder while the registry is down */
async function replaceDatabase(run: FaultRun, replace: (folder: string) => Promise<void>): Promise<void> {
  await kill(run);
  await replace(join(run.stack.directory, REGISTRY));
  await run.stack.restartNode(REGISTRY);
}

async function moveDatabase(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const files = await databaseFiles(from);
  if (files.length === 0) throw new Error(`there is no database in ${from}`);
  for (const name of files) await rename(join(from, name), join(to, name));
}

async function databaseFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith(DATABASE));
}

/** The id and the text of the newest schema of the fleet's events, as one text; undefined where there is none. */
async function newestSchema(run: FaultRun): Promise<string | undefined> {
  const url = `${run.stack.addresses.registryUrl}/subjects/${run.eventsTopic}-value/versions/latest`;
  const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_BOUND_MS) });
  const body = (await response.json()) as { id?: number; schema?: string; error_code?: number };
  if (response.ok) return `${body.id} ${body.schema}`;
  if (body.error_code !== UNKNOWN_SUBJECT) throw new Error(`${url} answered ${response.status}`);
  return undefined;
}

/** A replay into the fleet has to end, and to publish nothing. Gives what it says. */
async function refusedReplay(run: FaultRun): Promise<string> {
  const file = await sampleFile(run.fleet.folder, { users: 3, rows: 10, seed: 1 });
  const replay = run.fleet.start(["replay", file, "--speed", "max", "--progress", "none"]);
  const { exitCode } = await replay.ended;
  const said = /has records of schema \d+/.exec(replay.stderr.end(Infinity))?.[0];
  if (exitCode !== 1 || said === undefined) throw replay.failure(`ended with ${exitCode}`);
  return said;
}
