import { DRAIN_PHASES } from "../options.mjs";
import { peersLines } from "../peers/peers-lines.mjs";
import { answersLines } from "./answers-lines.mjs";
import { burstLines } from "./burst-lines.mjs";
import { floorDistanceLines } from "./floor-distance.mjs";
import { floorLines } from "./floor-lines.mjs";
import { growthLines } from "./growth-lines.mjs";
import { idleLines } from "./idle-lines.mjs";
import { latencyLines } from "./latency-lines.mjs";
import { machineLines } from "./machine-lines.mjs";
import { costRows, countRow, HEAD, othersLines, row, runsText } from "./run-rows.mjs";
import { scalingLines } from "./scaling-lines.mjs";
import { wireLines } from "./wire-lines.mjs";
import { figure, tableLines } from "./table.mjs";

/** What a run on two cores, with everything on one machine, is held against, in words. */
const TARGETS = {
  drain: "≥ 200,000",
  drainCosts: { worker: "≤ 4", redis: "≤ 3", broker: "≤ 1.5" },
  view: "≥ 60,000",
};

/** Everything that a person wants to know, as lines of text. */
export function reportLines({ machine, dataSet, options, phases, isProfiled }) {
  return [
    `${dataSet}, ${runsText(options, "min / median / max")}${isProfiled ? " (PROFILED: slower than life)" : ""}`,
    ...machineLines(machine),
    "CPU time is of all processes of a role together, memory of the greatest of them; MB are of 2^20 bytes",
    ...DRAIN_PHASES.flatMap((name) => (phases[name] === undefined ? [] : drainLines(phases[name]))),
    ...(phases.peers === undefined ? [] : peersLines(phases.peers)),
    ...(phases["all-in"] === undefined ? [] : allInLines(phases["all-in"])),
    ...(phases.latency === undefined ? [] : latencyLines(phases.latency, options)),
    ...(phases.answers === undefined ? [] : answersLines(phases.answers, options)),
    ...(phases.idle === undefined ? [] : idleLines(phases.idle, options)),
    ...(phases.burst === undefined ? [] : burstLines(phases.burst, phases.drain)),
    ...(phases.growth === undefined ? [] : growthLines(phases.growth)),
    ...(phases.wire === undefined ? [] : wireLines(phases.wire)),
    ...(phases.floor === undefined ? [] : [...floorLines(phases.floor), ...floorDistanceLines(phases)]),
    ...(phases.scaling === undefined ? [] : scalingLines(phases.scaling)),
  ];
}

function drainLines(runs) {
  const [{ rows, users, workers }] = runs;
  return [
    "",
    `Drain: about ${figure(rows)} rows of ${figure(users)} users, all in the topic before, through ${workers} worker${workers === 1 ? "" : "s"}`,
    ...tableLines(HEAD, [
      row("rows/s", runs, (run) => run.rowsPerSecond, TARGETS.drain),
      ...costRows(runs, TARGETS.drainCosts),
      countRow("audit entries of events that came again", runs, (run) => run.entriesAgain),
    ]),
    "from the first look that shows progress in Redis to the first that shows all, which the audit has before; then " +
      "each user's state is compared, and the audit has an entry of each event",
    ...othersLines(runs),
  ];
}

function allInLines(runs) {
  const rows = [
    row("rows/s until the view has all", runs, (run) => run.rowsPerSecond.view, TARGETS.view),
    row("rows/s until Redis has all", runs, (run) => run.rowsPerSecond.redis),
    row("rows/s of the replay alone", runs, (run) => run.rowsPerSecond.replay),
    ...costRows(runs),
  ];
  const { rows: count, lookEveryMs } = runs[0];
  return [
    "",
    `All in: ${figure(count)} rows at full speed through two workers`,
    ...tableLines(HEAD, rows),
    `from the first append to the first look that shows the last row; looks each ${figure(lookEveryMs.redis)} ms ` +
      `(Redis) and ${figure(lookEveryMs.view)} ms (view, at the end)`,
    ...othersLines(runs),
  ];
}
