// `npm run bench`: what the product costs on this machine, on servers of its own. Run it on a machine at rest.

import { findDataSet } from "./data-set.mjs";
import { machineBefore } from "./machine/machine-load.mjs";
import { parseOptions, USAGE, UsageError } from "./options.mjs";
import { runAllIn } from "./phases/all-in.mjs";
import { runAnswers } from "./phases/answers.mjs";
import { runBurst } from "./phases/burst.mjs";
import { runDrain } from "./phases/drain.mjs";
import { runFloor } from "./phases/floor.mjs";
import { runGrowth } from "./phases/growth.mjs";
import { runIdle } from "./phases/idle.mjs";
import { runLatency } from "./phases/latency.mjs";
import { runPeers } from "./peers/run-peers.mjs";
import { runScaling } from "./phases/scaling.mjs";
import { runWire } from "./phases/wire.mjs";
import { BenchFleet } from "./processes/bench-fleet.mjs";
import { startBenchStack } from "./processes/bench-stack.mjs";
import { Lifetime } from "./processes/lifetime.mjs";
import { profileLines } from "./report/profile-lines.mjs";
import { profiledRoles } from "./report/profiled-roles.mjs";
import { reportLines } from "./report/report-lines.mjs";
import {
  profileFolderOf,
  resultsFiles,
  resultsName,
  writeFigures,
  writePlot,
} from "./report/results-files.mjs";
import { say, slowStep } from "../scripts/say.mjs";

const drain = (size) => ({ run: (context) => runDrain(context, size) });
/**
 * What each phase does; whether workers and the query service run before it begins; and whether it makes fleets of its
 * own, for it compares several.
 */
const PHASE_OF = {
  drain: drain({ users: 50_000, workers: 1 }),
  "drain-two": drain({ users: 50_000, workers: 2 }),
  "drain-few": drain({ users: 300, workers: 1 }),
  "drain-few-two": drain({ users: 300, workers: 2 }),
  peers: { run: runPeers },
  "all-in": { run: runAllIn, isStarted: true },
  latency: { run: runLatency, hasOwnFleets: true },
  answers: { run: runAnswers, isStarted: true },
  idle: { run: runIdle, isStarted: true },
  burst: { run: runBurst, isStarted: true },
  growth: { run: runGrowth, hasOwnFleets: true },
  wire: { run: runWire, hasOwnFleets: true },
  floor: { run: runFloor },
  scaling: { run: runScaling, hasOwnFleets: true },
};
/** The least that a server has done before: one that has just started is not what anybody runs. */
const WARM_UP_ROWS = 50_000;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(`${USAGE}\n`);
  else await bench(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}

async function bench(options) {
  const lifetime = new Lifetime();
  try {
    const { results, profiled } = await measure(options, lifetime);
    process.stdout.write(`${reportLines(results).join("\n")}\n`);
    await writePlot(results);
    for (const file of resultsFiles(results.name)) say(`written: ${file}`);
    await tellProfiles(profiled);
  } catch (error) {
    // What fails because everything is being stopped is no news.
    if (lifetime.signal.aborted) await lifetime.untilExit();
    throw error;
  } finally {
    await lifetime.end();
  }
  // The end of the parent is watched for, and signals: nothing else is left.
  process.exit(0);
}

async function measure(options, lifetime) {
  const name = resultsName();
  const machine = await machineBefore();
  const servers = await slowStep("starting the servers", () => startBenchStack(lifetime));
  const dataSet = await findDataSet(servers.stack.directory);
  const phases = {};
  const profiled = [];
  const context = { ...options, servers, dataSet, lifetime };
  const results = { name, machine, dataSet: dataSet.name, options, isProfiled: options.profile, phases };
  await runOnFleet({ ...context, limit: WARM_UP_ROWS }, "warm-up", PHASE_OF["all-in"]);
  for (const phase of options.phases) {
    phases[phase] = [];
    for (let run = 1; run <= options.runs; run++) {
      const profileFolder = options.profile ? `${profileFolderOf(name)}/${phase}-${run}` : undefined;
      const isTold = options.profile && run === options.runs;
      const onProfiled = isTold ? (folder, figures) => profiled.push({ phase, folder, figures }) : undefined;
      phases[phase].push(
        await runOnce({ ...context, run, profileFolder, onProfiled }, `${phase}-${run}`, PHASE_OF[phase]),
      );
      // Whatever ends what takes hours: what was measured until then is there.
      await writeFigures(results);
    }
  }
  return { results, profiled };
}

async function runOnce(context, title, phase) {
  if (phase.hasOwnFleets !== true) return await runOnFleet(context, title, phase);
  const { profileFolder } = context;
  const onFleet = (part, step) =>
    runOnFleet(
      { ...context, profileFolder: profileFolder === undefined ? undefined : `${profileFolder}/${part}` },
      `${title}-${part}`,
      step,
    );
  return await phase.run({ ...context, onFleet });
}

/** Each run has a fleet of its own, so that none finds what another has left. */
async function runOnFleet(context, title, { run, isStarted = false, fleetOptions = {} }) {
  const { servers, lifetime, profileFolder, onProfiled } = context;
  const fleet = new BenchFleet({
    stack: servers.stack,
    name: `bench-${title}`,
    profileFolder,
    ...fleetOptions,
  });
  const stop = lifetime.onEnd(() => fleet.stop());
  if (isStarted) await slowStep(`${title}: starting two workers and the query service`, () => fleet.start());
  const figures = await slowStep(`${title}: measuring`, () => run({ ...context, fleet }));
  await slowStep(`${title}: stopping them`, stop);
  onProfiled?.(profileFolder, figures);
  return figures;
}

/** Of the last run of each phase, fleet by fleet. */
async function tellProfiles(profiled) {
  for (const { phase, folder, figures } of profiled) {
    const lines = await profileLines(folder, profiledRoles(figures));
    if (lines.length === 0) continue;
    process.stdout.write(`\nProfiles of the last run of ${phase} (${folder})\n${lines.join("\n")}\n`);
  }
}
