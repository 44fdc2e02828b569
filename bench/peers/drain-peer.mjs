import { setTimeout as sleep } from "node:timers/promises";
import { CostMeter } from "../machine/cost-meter.mjs";
import { newestOfShare } from "./oracle/newest-of-share.mjs";

const LOOK_EVERY_MS = 25;
/** From the start of the process, joining included. */
const DRAIN_BOUND_MS = 600_000;
/** Of what a peer that is slow drains only a part. */
const SHARE_LEAST = 20_000;

/**
 * Starts a peer, measures it from the first event that it has done to the last, and holds what it has then against
 * what it ought to have.
 *
 * @param launch starts it and gives
 *   `pid` and its `role`; `done`: how many events have reached both the audit and the state; `share` of the topic that it drains;
 *   `auditCounts`: partition → records of its audit; `lacking`: of users and their newest, those whose state differs;
 *   `isAskedWhileRunning` where its state is gone with it; `requireRunning`; `stop`
 */
export async function drainPeer(launch, { place, wanted, newest, lifetime }) {
  const running = await launch();
  const stop = lifetime.onEnd(() => running.stop());
  try {
    const { share = 1, isAskedWhileRunning = false } = running;
    const goal = share === 1 ? wanted : Math.min(wanted, Math.max(SHARE_LEAST, Math.ceil(wanted * share)));
    const figures = await measure(running, goal, place.servers);
    if (!isAskedWhileRunning) await running.stop();
    const checked = await check(running, { place, wanted, newest, isWhole: goal === wanted });
    return { ...figures, of: wanted, checked };
  } finally {
    await stop();
  }
}

async function measure(running, goal, servers) {
  const deadlineMs = performance.now() + DRAIN_BOUND_MS;
  const until = async (count) => {
    for (;;) {
      const done = await running.done();
      if (done >= count) return done;
      running.requireRunning();
      if (performance.now() > deadlineMs)
        throw new Error(`after ${DRAIN_BOUND_MS / 1000} s ${done} of ${goal} events are done`);
      await sleep(LOOK_EVERY_MS);
    }
  };
  const groups = new Map([[running.role, [running.pid]], ...servers.roles, ["bench", [process.pid]]]);
  const first = await until(1);
  const whole = startMeter(groups);
  const middle = await until(first + Math.ceil((goal - first) / 2));
  const secondHalf = startMeter(groups);
  const last = await until(goal);
  return {
    rows: last - first,
    ...whole(last - first),
    /** Without the compiling of a process that has just started, or with less of it. */
    secondHalf: secondHalf(last - middle),
  };
}

function startMeter(groups) {
  const meter = new CostMeter(groups);
  const startedMs = performance.now();
  meter.start();
  return (rows) => {
    const seconds = (performance.now() - startedMs) / 1000;
    return { seconds, rowsPerSecond: rows / seconds, cost: meter.stop(rows) };
  };
}

/** @throws Error that says what differs */
async function check(running, { place, wanted, newest, isWhole }) {
  const counts = await running.auditCounts();
  const auditRecords = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (isWhole && auditRecords !== wanted)
    throw new Error(`its audit has ${auditRecords} records, where the topic has ${wanted}`);
  const due = isWhole ? newest : await newestOfShare(place.reader, place.eventsTopic, counts);
  const lacking = await running.lacking(due);
  if (lacking.length > 0)
    throw new Error(
      `its state of ${lacking.length} of ${due.size} users is not the newest, as of ${lacking[0]}`,
    );
  return { auditRecords, users: due.size };
}
