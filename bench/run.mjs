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
import { reportLines } from "./report/report-lines.mjs";
import { profileFolderOf, resultsName, writeResults } from "./report/results-files.mjs";
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
    const results = await measure(options, lifetime);
    const { name } = results;
    process.stdout.write(`${reportLines(results).join("\n")}\n`);
    for (const file of await writeResults(name, results)) say(`written: ${file}`);
    if (options.profile) await tellProfiles(results);
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
  const context = { ...options, servers, dataSet, lifetime };
  await runOnFleet({ ...context, limit: WARM_UP_ROWS }, "warm-up", PHASE_OF["all-in"]);
  for (const phase of options.phases) {
    phases[phase] = [];
    for (let run = 1; run <= options.runs; run++) {
      const profileFolder = options.profile ? `${profileFolderOf(name)}/${phase}-${run}` : undefined;
      phases[phase].push(
        await runOnce({ ...context, run, profileFolder }, `${phase}-${run}`, PHASE_OF[phase]),
      );
    }
  }
  return { name, machine, dataSet: dataSet.name, options, isProfiled: options.profile, phases };
}

async function runOnce(context, title, phase) {
  if (phase.hasOwnFleets !== true) return await runOnFleet(context, title, phase);
  const onFleet = (part, step) => runOnFleet(context, `${title}-${part}`, step);
  return await phase.run({ ...context, onFleet });
}

/** Each run has a fleet of its own, so that none finds what another has left. */
async function runOnFleet(context, title, { run, isStarted = false, fleetOptions = {} }) {
  const { servers, lifetime, profileFolder } = context;
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
  return figures;
}

async function tellProfiles({ name, phases, options }) {
  for (const [phase, runs] of Object.entries(phases)) {
    const folder = `${profileFolderOf(name)}/${phase}-${options.runs}`;
    const roles = rolesOf(runs.at(-1));
    const lines = roles === undefined ? [] : await profileLines(folder, roles);
    process.stdout.write(`\nProfiles of the last run of ${phase} (${folder})\n${lines.join("\n")}\n`);
  }
}

/**
 * What each role took for an event, as far as the phase tells it at all. Of several rates the last one, as each leaves
 * its profiles in the place of those before.
 */
function rolesOf({ cost, rates }) {
  return (cost ?? rates?.at(-1).cost)?.roles;
}
