import { costRows, countRow, HEAD, othersLines, row } from "./run-rows.mjs";
import { figure, tableLines } from "./table.mjs";

/** In words, of the first pace, the sustained one, and of the last. */
const SEEN_TARGET = "≥ 99";
const REACHED_TARGET = "≥ 200,000";

/**
 * @param runs of the phase
 * @param drains of one worker in the same session, against which its memory is held
 */
export function burstLines(runs, drains = []) {
  const [{ steps, sent, lookEveryMs, viewLookEveryMs }] = runs;
  const plan = steps.map(({ rate, seconds }) => `${figure(rate)}/s for ${seconds} s`).join(", then ");
  return [
    "",
    `Burst: ${plan}: ${figure(sent)} rows of 50,000 users through two workers`,
    ...tableLines(HEAD, [
      ...steps.flatMap((_, index) =>
        stepRows(
          runs.map((run) => run.steps[index]),
          index,
        ),
      ),
      row("seconds from the last append until Redis has all", runs, (run) => run.drainSeconds.redis),
      row("seconds from the last append until the view has all", runs, (run) => run.drainSeconds.view),
      countRow("rows lost on the way to the topic", runs, (run) => run.sent - run.stored, "0"),
      countRow("rows lost on the way to the view", runs, (run) => run.sent - run.inView, "0"),
      countRow("users whose newest Redis lacks", runs, (run) => run.usersLacking, "0"),
      ...costRows(runs),
      ...Object.keys(runs[0].cost.roles).map((role) =>
        row(
          `MB at most without mapped files, ${role}`,
          runs,
          (run) => run.cost.roles[role].anonymousMaxMb,
          role.startsWith("worker") ? memoryBound(drains) : "",
        ),
      ),
    ]),
    `seen: by looks at Redis each ${figure(lookEveryMs)} ms, from the moment for which the row was planned; where the ` +
      "sender did not reach its rate, that moment had passed when the row was sent",
    `in the view: by looks each ${figure(viewLookEveryMs)} ms at how many rows it has in all; the nth that was planned is ` +
      "taken for seen when it has n",
    "a worker's memory is bounded: what it has fetched counts against its queue, and then it fetches no more; so a burst " +
      "may take no more of it than a drain, in which there is always more to fetch",
    ...othersLines(runs),
  ];
}

/** In words. */
function memoryBound(drains) {
  if (drains.length === 0) return "as in a drain";
  const most = drains.map(
    ({ cost }) => Object.entries(cost.roles).find(([role]) => role.startsWith("worker"))[1],
  );
  return `≤ ${figure(Math.max(...most.map(({ anonymousMaxMb }) => anonymousMaxMb)))}, as in the drain`;
}

function stepRows(steps, index) {
  const title = `at ${figure(steps[0].rate)}/s`;
  const isLast = index > 0;
  return [
    row(
      `rows/s that the topic got, ${title}`,
      steps,
      (step) => step.reachedRate,
      isLast ? REACHED_TARGET : "",
    ),
    ...["2", "30"].map((seconds) =>
      row(
        `% seen in Redis within ${seconds} s, ${title}`,
        steps,
        (step) => step.seenWithin[seconds] * 100,
        !isLast && seconds === "2" ? SEEN_TARGET : "",
      ),
    ),
    ...["2", "30"].map((seconds) =>
      row(
        `% seen in the view within ${seconds} s, ${title}`,
        steps,
        (step) => step.inViewWithin[seconds] * 100,
      ),
    ),
    ...["p50", "p99", "max"].map((rank) =>
      row(`ms from plan until Redis, ${title}, ${rank}`, steps, (step) => step.delayMs[rank]),
    ),
  ];
}
