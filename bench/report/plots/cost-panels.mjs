import { minMedianMax } from "../spread.mjs";
import { barsPanel } from "./bars-panel.mjs";
import { barOf } from "./bar-of-runs.mjs";

/** Who works for an event. The registry does nothing for one, and the bench itself is no part of its cost. */
const PAYERS = {
  worker: /^worker/,
  "query service": /^query/,
  Redis: /^redis/,
  broker: /^broker/,
  replay: /^replay/,
};
/** The same, where others do the worker's work. */
const PAYERS_OF_PEERS = { "its own": /^(worker|peer)/, Redis: PAYERS.Redis, broker: PAYERS.broker };

/**
 * CPU time by who takes it, one behind the other.
 * @param {readonly { label: string, runs: readonly { cost: object }[], missing?: string }[]} groups a bar of each
 * @param {{ title?: string, of?: string, isOfPeers?: boolean }} [options] `of`: what the time is divided by
 */
export function cpuPanel(groups, { title, of = "event", isOfPeers = false } = {}) {
  const payers = isOfPeers ? PAYERS_OF_PEERS : PAYERS;
  return barsPanel({
    title: title ?? `CPU time per ${of}`,
    unit: `µs per ${of}, all processes of a kind together`,
    bars: groups.map(({ label, runs, missing }) =>
      runs.length === 0 ? { label, missing } : cpuBar(label, runs, payers),
    ),
  });
}

function cpuBar(label, runs, payers) {
  const microsOf = ({ cost }, pattern) => roleOf(cost, pattern)?.microsPerEvent ?? 0;
  const parts = Object.entries(payers)
    .filter(([, pattern]) => roleOf(runs[0].cost, pattern) !== undefined)
    .map(([name, pattern]) => ({
      name,
      size: minMedianMax(runs.map((run) => microsOf(run, pattern))).median,
    }));
  const totalOf = (run) => Object.values(payers).reduce((sum, pattern) => sum + microsOf(run, pattern), 0);
  return { ...barOf(label, runs, totalOf), parts };
}

/** Memory of the process that does the work, the greatest where there are several. */
export function workerMemoryPanel(groups) {
  return barsPanel({
    title: "Memory of the process that does the work",
    unit: "MB resident at most, of the greatest",
    bars: groups.map(({ label, runs, missing }) =>
      runs.length === 0
        ? { label, missing }
        : barOf(label, runs, ({ cost }) => roleOf(cost, /^(worker|peer)/).residentMaxMb),
    ),
  });
}

/** @param {"residentMaxMb" | "anonymousMaxMb"} kind */
export function memoryPanel(runs, kind = "residentMaxMb") {
  const isAnonymous = kind === "anonymousMaxMb";
  return barsPanel({
    title: "Memory",
    unit: `MB resident at most${isAnonymous ? " without mapped files" : ""}, of the greatest of a kind`,
    bars: Object.keys(runs[0].cost.roles).map((role) =>
      barOf(role, runs, ({ cost }) => cost.roles[role][kind]),
    ),
  });
}

export function ratePanel(groups) {
  return barsPanel({
    title: "Rate",
    unit: "events per second",
    bars: groups.map(({ label, runs, missing }) =>
      runs.length === 0 ? { label, missing } : barOf(label, runs, ({ rowsPerSecond }) => rowsPerSecond),
    ),
  });
}

/** @returns {{ microsPerEvent: number, residentMaxMb: number } | undefined} */
export function roleOf({ roles }, pattern) {
  return Object.entries(roles).find(([role]) => pattern.test(role))?.[1];
}
