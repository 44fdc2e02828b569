import { calibrate } from "./calibration.mjs";

/**
 * CPU time is only ever added to, by whoever shares the core and its caches; so it is the quiet moments that are
 * compared, and this share of all moments is taken for quiet.
 */
const QUIET_SHARE = 0.25;

/**
 * What each function costs in units of the calibration, which runs in between, so that a machine that is slow for some
 * seconds is so for both sides of the division. CPU time of the whole process counts, the collector's threads included.
 * @param {readonly { name: string, run: () => unknown }[]} functions `run` does its work once, the same each time
 * @param {{ warmUps: number, rounds: number }} times those before anything counts are for the compiler
 * @returns {Promise<Record<string, number>>} name → ratio
 */
export async function interleavedRatios(functions, { warmUps, rounds }) {
  const micros = new Map(functions.map(({ name }) => [name, []]));
  const calibrations = [];
  for (let round = -warmUps; round < rounds; round++) {
    for (const { name, run } of functions) {
      const taken = await cpuMicrosOf(run);
      const calibration = await cpuMicrosOf(calibrate);
      if (round < 0) continue;
      micros.get(name).push(taken);
      calibrations.push(calibration);
    }
  }
  const unit = quiet(calibrations);
  return Object.fromEntries([...micros].map(([name, all]) => [name, quiet(all) / unit]));
}

/** What is over too soon to be measured once. */
export function times(count, run) {
  return async () => {
    for (let time = 0; time < count; time++) await run();
  };
}

async function cpuMicrosOf(run) {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function quiet(micros) {
  return micros.toSorted((a, b) => a - b)[Math.floor((micros.length - 1) * QUIET_SHARE)];
}
